// Values as a curve.

/** The room for it, in the units of the drawing on the page. */
const WIDTH = 320;
const HEIGHT = 120;

/** The points of a line through all values, from the left to the right, as high as there is room. */
export function line(values) {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const across = WIDTH / Math.max(1, values.length - 1);
  const height = (value) => (most > least ? (HEIGHT * (most - value)) / (most - least) : HEIGHT / 2);
  return values.map((value, index) => `${(index * across).toFixed(1)},${height(value).toFixed(1)}`).join(" ");
}
