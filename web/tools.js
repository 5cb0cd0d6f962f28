// What paints. A tool is told where it goes down, moves and goes up, by pointer or by keyboard,
// in pixels of the picture; `value` is 1 to paint and 0 to erase.

import { polygon, rectangle, stroke } from "./shapes.js";

/** A stroke as wide as the brush. */
class Brush {
  constructor(easel) {
    this.easel = easel;
  }

  down(point, { value, pressure, isLine }) {
    this.value = value;
    const start = isLine && this.easel.last ? this.easel.last : point;
    this.#paint(start, point, pressure);
  }

  move(point, { pressure }) {
    this.#paint(this.easel.last, point, pressure);
  }

  up() {}

  outline() {
    return [];
  }

  #paint(from, to, pressure) {
    const { mask, radius } = this.easel;
    stroke(from, to, radius * pressure, (y, left, right) => mask.setSpan(y, left, right, this.value));
    this.easel.last = to;
  }
}

/** Something that is drawn as a line first and filled at the end. */
class Shape {
  constructor(easel, fill, add) {
    Object.assign(this, { easel, fill, add, points: [] });
  }

  down(point, { value }) {
    this.value = value;
    this.points = [point];
  }

  move(point) {
    this.points = this.add(this.points, point);
  }

  up() {
    const { mask } = this.easel;
    this.fill(this.points, (y, left, right) => mask.setSpan(y, left, right, this.value));
    this.points = [];
  }

  cancel() {
    this.points = [];
  }
}

class Rectangle extends Shape {
  constructor(easel) {
    const fill = (points, set) => rectangle(points[0], points.at(-1), set);
    super(easel, fill, ([first], point) => [first, point]);
  }

  outline() {
    if (!this.points.length) return [];
    const [one, other] = [this.points[0], this.points.at(-1)];
    return [one, { x: other.x, y: one.y }, other, { x: one.x, y: other.y }];
  }
}

class Lasso extends Shape {
  constructor(easel) {
    super(easel, polygon, (points, point) => {
      points.push(point);
      return points;
    });
  }

  outline() {
    return this.points;
  }
}

/** The tools by name, for an easel with `mask`, `radius` and the `last` place of the brush. */
export function makeTools(easel) {
  const brush = new Brush(easel);
  return { brush, eraser: brush, rectangle: new Rectangle(easel), lasso: new Lasso(easel) };
}
