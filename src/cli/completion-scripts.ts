/** The shells that a script is there for. */
export const SHELLS = Object.freeze(['bash', 'zsh', 'fish'] as const);
export type Shell = (typeof SHELLS)[number];

/**
 * What each shell runs at a press of the key: it asks the program what may stand next, so that the
 * answer is that of the version installed, and knows the agents of the server. A line of the answer
 * is a word with its description behind a tab, or asks for paths.
 */
export const COMPLETION_SCRIPTS: Readonly<Record<Shell, string>> = Object.freeze({
  // Works with bash 3.2, which macOS has. Words that bash splits at = and : come as one line.
  bash: `_caxton() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    case $line in
      :files | :folders)
        compopt -o filenames 2>/dev/null
        local kind=-f
        [ "$line" = :folders ] && kind=-d
        while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen $kind -- "$2")
        return
        ;;
      *) COMPREPLY+=("\${line%%$'\\t'*}") ;;
    esac
  done < <(caxton completion bash -- "\${COMP_LINE:0:COMP_POINT}" 2>/dev/null)
}
complete -F _caxton caxton
`,
  zsh: `#compdef caxton
_caxton() {
  local line
  local -a found
  for line in "\${(@f)$(caxton completion zsh -- "\${(@Q)words[2,CURRENT]}" 2>/dev/null)}"; do
    case $line in
      :files) _files; return ;;
      :folders) _files -/; return ;;
      ?*) found+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}") ;;
    esac
  done
  _describe caxton found
}
if [ "$funcstack[1]" = _caxton ]; then
  _caxton "$@"
else
  compdef _caxton caxton
fi
`,
  fish: `function __caxton_complete
    set -l words (commandline -opc)
    set -e words[1]
    set -l begun (commandline -ct)
    for line in (caxton completion fish -- $words "$begun" 2>/dev/null)
        switch $line
            case :files
                __fish_complete_path "$begun"
            case :folders
                __fish_complete_directories "$begun"
            case '*'
                echo $line
        end
    end
end
complete -c caxton -f -a '(__caxton_complete)'
`,
});
