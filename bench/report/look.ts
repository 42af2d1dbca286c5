/** How charts look: readable on a light page and on a dark one, since they bring their background. */
export const LOOK = Object.freeze({
  background: '#ffffff',
  text: '#24292f',
  faint: '#57606a',
  line: '#d0d7de',
  font: 'Helvetica, Arial, sans-serif',
  monospace: 'Menlo, Consolas, monospace',
  /** Told apart by those who see fewer colours too. */
  colors: ['#0072b2', '#e69f00', '#009e73', '#cc79a7', '#56b4e9', '#d55e00'],
  reached: '#009e73',
  missed: '#d55e00',
  plain: '#0072b2',
  target: '#24292f',
});

export const textStyle = Object.freeze({ color: LOOK.text, fontFamily: LOOK.font, fontSize: 13 });
