// Everything by keyboard: shortcuts, and a brush that is moved with the arrows.

/** How far an arrow moves the brush, in pixels of the screen; and with Shift. */
const STEP = 4;
const FAR = 40;

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/**
 * Shortcuts: key as `KeyboardEvent.key` names it, whether Ctrl (or Command) is held, what it is
 * called in the help, and the action by name. Those of a single letter can be switched off.
 */
export const SHORTCUTS = [
  ["b", false, "Brush", "brush"],
  ["e", false, "Eraser", "eraser"],
  ["r", false, "Rectangle", "rectangle"],
  ["l", false, "Lasso", "lasso"],
  ["h", false, "Move the picture", "hand"],
  ["[", false, "Smaller brush", "smaller"],
  ["]", false, "Larger brush", "larger"],
  ["z", true, "Undo", "undo"],
  ["Z", true, "Redo", "redo"],
  ["y", true, "", "redo"],
  ["i", false, "Exchange painted and not painted", "invert"],
  ["Delete", false, "Erase everything painted", "clear"],
  ["+", false, "Zoom in", "zoomIn"],
  ["=", false, "", "zoomIn"],
  ["-", false, "Zoom out", "zoomOut"],
  ["0", false, "Show the whole picture", "fit"],
  ["1", false, "Show every pixel as one", "actual"],
  ["o", true, "Open a picture", "open"],
  ["Enter", true, "Repair", "run"],
  ["s", true, "Download the result", "download"],
  ["?", false, "This help", "help"],
];

const TYPES = "input:not([type=range], [type=radio], [type=checkbox]), textarea, select";

/** Runs `actions` by name when their keys are pressed, except where one types or in a dialog. */
export function setUpShortcuts(actions, mayUseSingleKeys) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.altKey || document.querySelector("dialog[open]")) return;
    const held = event.ctrlKey || event.metaKey;
    if (!held && (event.target.closest(TYPES) || !mayUseSingleKeys())) return;
    const [, , , action] = SHORTCUTS.find(([key, ctrl]) => key === event.key && ctrl === held) ?? [];
    if (action && actions[action]?.() !== false) event.preventDefault();
  });
}

/**
 * Lets the tool in hand be moved with the arrows and put down with Space. `show` is told where it
 * is, `say` what happens; `mayPaint()` says whether painting is possible now.
 */
export function setUpKeyboardBrush(element, stage, easel, { mayPaint, show, say }) {
  let at = null;

  const begin = () => {
    const { width, height } = stage.viewport.window;
    at ??= stage.viewport.toPicture({ x: width / 2, y: height / 2 });
  };

  const move = ([dx, dy], isFar) => {
    if (!easel.paints || !mayPaint()) {
      stage.viewport.panBy(-dx * FAR, -dy * FAR);
      stage.redraw();
      return;
    }
    begin();
    const step = Math.max(isFar ? FAR : STEP, stage.viewport.scale) / stage.viewport.scale;
    const clamp = (value, most) => Math.min(most, Math.max(0, value));
    at = {
      x: clamp(at.x + dx * step, easel.mask.width),
      y: clamp(at.y + dy * step, easel.mask.height),
    };
    easel.move(at);
    if (stage.viewport.reveal(at)) stage.redraw();
    show(at);
  };

  const press = () => {
    if (!easel.paints || !mayPaint()) return;
    begin();
    const where = `${Math.round(at.x)}, ${Math.round(at.y)}`;
    if (easel.isDown) {
      easel.up();
      say(`${easel.name} up at ${where}`);
    } else {
      easel.down(at);
      say(`${easel.name} down at ${where}`);
    }
    show(at);
  };

  element.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !easel.mask) return;
    if (ARROWS[event.key]) move(ARROWS[event.key], event.shiftKey);
    else if (event.key === " ") press();
    else if (event.key === "Escape" && easel.isDown) easel.cancel();
    else return;
    event.preventDefault();
  });
  element.addEventListener("blur", () => {
    easel.cancel();
    show(null);
  });
  // The mouse takes the brush away.
  element.addEventListener("pointerdown", () => {
    at = null;
  });
}
