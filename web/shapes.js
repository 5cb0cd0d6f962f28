// Shapes as spans of pixels: a pixel belongs to a shape if its middle does.
//
// `set(y, from, to)` is called for every row of a shape, with its pixels `from <= x < to`.

/** Thinner strokes would slip between the middles of pixels. */
const THINNEST = 0.75;

/** A stroke from one point to another: all that lies within `radius` of the line between them. */
export function stroke(from, to, radius, set) {
  radius = Math.max(THINNEST, radius);
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const length = Math.hypot(dx, dy);
  // The sides of the stroke; the shape is convex, so each row of it is one span.
  const [nx, ny] = length ? [(-dy / length) * radius, (dx / length) * radius] : [0, 0];
  const corners = [
    { x: from.x + nx, y: from.y + ny },
    { x: to.x + nx, y: to.y + ny },
    { x: to.x - nx, y: to.y - ny },
    { x: from.x - nx, y: from.y - ny },
  ];
  const first = Math.ceil(Math.min(from.y, to.y) - radius - 0.5);
  const last = Math.floor(Math.max(from.y, to.y) + radius - 0.5);
  for (let y = first; y <= last; y += 1) {
    let [left, right] = [Infinity, -Infinity];
    const reach = (x) => {
      left = Math.min(left, x);
      right = Math.max(right, x);
    };
    for (const end of [from, to]) {
      const square = radius ** 2 - (y + 0.5 - end.y) ** 2;
      if (square >= 0) {
        reach(end.x - Math.sqrt(square));
        reach(end.x + Math.sqrt(square));
      }
    }
    if (length) crossings(corners, y + 0.5, (x) => reach(x));
    span(left, right, y, set);
  }
}

/** A rectangle between two corners. */
export function rectangle(one, other, set) {
  const [top, bottom] = [Math.min(one.y, other.y), Math.max(one.y, other.y)];
  const [left, right] = [Math.min(one.x, other.x), Math.max(one.x, other.x)];
  for (let y = Math.ceil(top - 0.5); y <= Math.floor(bottom - 0.5); y += 1) {
    span(left, right, y, set);
  }
}

/** What a closed line goes around, also where it crosses itself. */
export function polygon(points, set) {
  let [top, bottom] = [Infinity, -Infinity];
  for (const { y } of points) {
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  }
  for (let y = Math.ceil(top - 0.5); y <= Math.floor(bottom - 0.5); y += 1) {
    const found = [];
    crossings(points, y + 0.5, (x, turn) => found.push({ x, turn }));
    found.sort((a, b) => a.x - b.x);
    let winding = 0;
    for (const [index, { x, turn }] of found.entries()) {
      winding += turn;
      if (winding !== 0 && index + 1 < found.length) span(x, found[index + 1].x, y, set);
    }
  }
}

/** Where a closed line crosses the height `y`, and whether downwards (1) or upwards (-1). */
function crossings(points, y, found) {
  let before = points.at(-1);
  for (const point of points) {
    if (before.y <= y !== point.y <= y) {
      const share = (y - before.y) / (point.y - before.y);
      found(before.x + share * (point.x - before.x), before.y <= y ? 1 : -1);
    }
    before = point;
  }
}

function span(left, right, y, set) {
  const [from, to] = [Math.ceil(left - 0.5), Math.floor(right - 0.5) + 1];
  if (from < to) set(y, from, to);
}
