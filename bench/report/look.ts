/** How charts look: readable on a light page and on a dark one, since they bring their background. */
export const LOOK = Object.freeze({
  background: '#ffffff',
  text: '#24292f',
  faint: '#57606a',
  line: '#d0d7de',
  font: 'Helvetica, Arial, sans-serif',
  monospace: 'Menlo, Consolas, monospace',
  /** What is Caxton's and what it is compared with, in all charts. */
  caxton: '#0072b2',
  baseline: '#6e7781',
  /** Parts of one figure, told apart by those who see fewer colours too. */
  parts: ['#0072b2', '#e69f00', '#009e73', '#cc79a7'],
  /** From few to many, all of them Caxton's. */
  steps: ['#56b4e9', '#0072b2', '#003b5c'],
  reached: '#009e73',
  missed: '#d55e00',
  target: '#24292f',
});

export const textStyle = Object.freeze({ color: LOOK.text, fontFamily: LOOK.font, fontSize: 13 });
