// The page: its parts, and how they hear of each other.

import { Cursor } from "./cursor.js";
import { setUpHelp } from "./dialogs.js";
import { Divider } from "./divider.js";
import { announce, byId, save } from "./dom.js";
import { Easel } from "./easel.js";
import { clearFailure, note, showFailure } from "./failure.js";
import { setUpKeyboardBrush, setUpShortcuts } from "./keyboard.js";
import { setUpKey } from "./key.js";
import { loadMask } from "./maskfile.js";
import { bytes, size } from "./numbers.js";
import { encodeMask } from "./png.js";
import { setUpPointer } from "./pointer.js";
import { Repair } from "./repair.js";
import { Settings } from "./settings.js";
import { decode, fetchSample, setUpSources } from "./source.js";
import { Stage } from "./stage.js";
import { Toolbar } from "./toolbar.js";

/** How far one has come: `empty`, `editing`, `running` or `done`; and with which file. */
const page = {
  file: null,
  get state() {
    return document.body.dataset.state;
  },
  go(state) {
    document.body.dataset.state = state;
    byId("tools").inert = state === "running";
    toolbar.showTool();
    stage.redraw();
  },
};

const stage = new Stage();
const easel = new Easel(stage, { onChange: () => maskChanged(), onTool: () => toolTaken() });
const cursor = new Cursor(stage, easel);
const toolbar = new Toolbar(stage, easel, cursor);
const divider = new Divider(stage);
const settings = new Settings();
const repair = new Repair(page, stage, easel, settings);
const help = setUpHelp();
const mayPaint = () => page.state === "editing";

stage.onView = () => {
  toolbar.showZoom();
  cursor.update();
};

/**
 * Opens a picture, and then the mask that belongs to it, if there is one. A picture that cannot be
 * read leaves the one before as it was.
 */
async function open(file, mask = null) {
  if (page.state === "running") {
    note("Cancel the repair first.");
    return;
  }
  clearFailure();
  try {
    const { picture, shown } = await decode(file);
    page.file = file;
    page.shown = shown;
    stage.open(picture, easel.open(picture.width, picture.height));
    toolbar.open(picture.width, picture.height);
    toolbar.showMask();
    byId("name").textContent = file.name;
    byId("facts").textContent = `${size(picture.width, picture.height)} pixels, ${bytes(file.size)}`;
    page.go("editing");
    byId("easel").focus({ preventScroll: true });
    announce(`${file.name} is open`);
    if (mask) await easel.replace((into) => loadMask(mask, into));
  } catch (error) {
    showFailure(error, settings);
  }
}

async function openSample() {
  try {
    const { image, mask } = await fetchSample();
    await open(image, mask);
    note("The damage is painted already. Press Repair.");
  } catch (error) {
    showFailure(error, settings);
  }
}

/** Back from a result to its mask. */
function edit() {
  stage.clearAfter();
  page.go("editing");
  byId("easel").focus({ preventScroll: true });
}

/** Whoever takes a tool wants to paint, and whoever changes the mask wants to see it. */
function toolTaken() {
  if (page.state === "done" && easel.paints) edit();
  toolbar.showTool();
}

function maskChanged() {
  if (page.state === "done") edit();
  toolbar.showMask();
}

async function saveMask() {
  save(await encodeMask(easel.mask), `${page.file.name.replace(/\.[^.]*$/, "")}-mask.png`);
}

byId("load-mask").addEventListener("click", () => byId("mask-file").click());
byId("mask-file").addEventListener("change", async ({ target }) => {
  const [file] = target.files;
  target.value = "";
  if (!file) return;
  clearFailure();
  try {
    await easel.replace((into) => loadMask(file, into));
  } catch (error) {
    showFailure(error, settings);
  }
});
byId("save-mask").addEventListener("click", saveMask);
byId("edit").addEventListener("click", edit);
byId("go-on").addEventListener("click", () => open(repair.asFile()));

setUpSources(open, openSample);
setUpKey();
setUpPointer(byId("easel"), stage, easel, {
  mayPaint,
  usesPressure: () => byId("pressure").checked,
  onHover: (event) => {
    const at = event && stage.viewport.toPicture(stage.at(event));
    // A finger hides what a circle would show.
    cursor.show(event?.pointerType === "touch" && !easel.isDown ? null : at);
    toolbar.showPlace(at);
  },
});
setUpKeyboardBrush(byId("easel"), stage, easel, {
  mayPaint,
  show: (at) => {
    cursor.show(at, true);
    toolbar.showPlace(at);
  },
  say: announce,
});
const whenEditing = (action) => () => mayPaint() && action();
const whenOpen = (action) => () => page.file !== null && action();
setUpShortcuts(
  {
    ...Object.fromEntries(
      ["brush", "eraser", "rectangle", "lasso", "hand"].map((name) => [name, whenOpen(() => easel.take(name))]),
    ),
    ...Object.fromEntries(
      ["undo", "redo", "invert", "clear"].map((name) => [name, whenEditing(() => easel[name]())]),
    ),
    ...Object.fromEntries(
      ["smaller", "larger", "zoomIn", "zoomOut", "fit", "actual"].map((name) => [name, whenOpen(() => toolbar[name]())]),
    ),
    open: () => byId("file").click(),
    run: whenEditing(() => repair.run()),
    download: () => page.state === "done" && repair.save(),
    help: help.open,
  },
  help.mayUseSingleKeys,
);
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && page.state === "running") repair.cancel();
});

divider.set(0.5);
settings.load().catch(() => note("The service did not say which engines it has."));
