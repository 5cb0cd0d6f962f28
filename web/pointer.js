// Mouse, pen and fingers over the picture.

/** How much a turn of the wheel zooms, by its length. */
const WHEEL = 0.0016;
/** Least share of the width of the brush that a pen paints when it is hardly pressed. */
const LIGHTEST = 0.25;

/**
 * Lets a person paint, move and zoom. `mayPaint()` says whether painting is possible now,
 * `usesPressure()` whether a pen paints wider when pressed, `onHover` is told where the pointer is.
 */
export function setUpPointer(element, stage, easel, { mayPaint, usesPressure, onHover }) {
  /** Places of all that touch, in CSS pixels. */
  const touching = new Map();
  let panFrom = null;

  const pressure = (event) => {
    const counts = event.pointerType === "pen" && event.pressure > 0 && usesPressure();
    return counts ? LIGHTEST + (1 - LIGHTEST) * event.pressure : 1;
  };
  const place = (event) => stage.viewport.toPicture(stage.at(event));

  element.addEventListener("pointerdown", (event) => {
    if (event.button > 1 || !easel.mask) return;
    element.focus({ preventScroll: true });
    element.setPointerCapture(event.pointerId);
    touching.set(event.pointerId, stage.at(event));
    if (touching.size === 2) {
      // What the first finger has begun was not meant.
      easel.cancel();
      panFrom = null;
    } else if (touching.size === 1 && (event.button === 1 || !easel.paints || !mayPaint())) {
      event.preventDefault();
      panFrom = stage.at(event);
      element.classList.add("panning");
    } else if (touching.size === 1) {
      const { altKey: erases, shiftKey: isLine } = event;
      easel.down(place(event), { erases, isLine, pressure: pressure(event) });
    }
    onHover(event);
  });

  element.addEventListener("pointermove", (event) => {
    onHover(event);
    if (!touching.has(event.pointerId)) return;
    if (touching.size === 2) {
      pinch(event);
    } else if (panFrom) {
      const now = stage.at(event);
      stage.viewport.panBy(now.x - panFrom.x, now.y - panFrom.y);
      panFrom = now;
      stage.redraw();
    } else {
      // Between two frames a pen reports many places; lines would have corners without them.
      const all = event.getCoalescedEvents?.() ?? [];
      for (const moved of all.length ? all : [event]) easel.move(place(moved), pressure(moved));
    }
    touching.set(event.pointerId, stage.at(event));
  });

  function pinch(event) {
    const [fixed] = [...touching].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
    const [before, now] = [touching.get(event.pointerId), stage.at(event)];
    const distance = (at) => Math.hypot(at.x - fixed.x, at.y - fixed.y);
    stage.viewport.panBy((now.x - before.x) / 2, (now.y - before.y) / 2);
    const middle = { x: (now.x + fixed.x) / 2, y: (now.y + fixed.y) / 2 };
    stage.zoomAt(middle, Math.max(1, distance(now)) / Math.max(1, distance(before)));
  }

  const end = (finish) => (event) => {
    if (!touching.delete(event.pointerId)) return;
    if (touching.size === 0) {
      panFrom = null;
      element.classList.remove("panning");
    } else {
      // The finger that is left goes on moving the picture.
      [panFrom] = touching.values();
    }
    finish();
    onHover(event);
  };
  element.addEventListener("pointerup", end(() => easel.up()));
  element.addEventListener("pointercancel", end(() => easel.cancel()));
  element.addEventListener("pointerleave", () => onHover(null));

  element.addEventListener("wheel", (event) => {
    if (!easel.mask) return;
    event.preventDefault();
    const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    // Fingers spread on a touchpad come as a wheel with Ctrl, in small steps.
    const turn = event.deltaY * unit * (event.ctrlKey ? 6 : 1);
    stage.zoomAt(stage.at(event), Math.exp(-turn * WHEEL));
  }, { passive: false });
}
