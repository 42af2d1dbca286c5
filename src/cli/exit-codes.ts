/** Exit codes of the program, as docs/cli.md lists them. */
export const EXIT = Object.freeze({
  ok: 0,
  /** The operation failed: the server refused it, or the module is not valid. */
  failed: 1,
  /** The command line, a file it names or the configuration is wrong. */
  usage: 2,
  /** No server answers, or the connection to it was lost. */
  unreachable: 3,
});
