// The help and the command line.

import { byId, make } from "./dom.js";
import { SHORTCUTS } from "./keyboard.js";

const STORE = "cogd-single-keys";
const KEYS = { Delete: "Del", "?": "?", "+": "+" };

/** Fills the help. Gives a function that opens it, and one that says whether single keys count. */
export function setUpHelp() {
  const dialog = byId("help-dialog");
  const isApple = /Mac|iPhone|iPad/.test(navigator.platform);
  const rows = [
    ["Arrows", "Move the brush; with Shift further"],
    ["Space", "Put the brush down, lift it"],
    ["Esc", "Undo what is being drawn; cancel the repair"],
    ...SHORTCUTS.filter(([, , help]) => help).map(([key, ctrl, help]) => {
      const isUpper = key.length === 1 && key !== key.toLowerCase();
      const held = ctrl ? `${isApple ? "⌘" : "Ctrl"} ${isUpper ? "Shift " : ""}` : "";
      return [held + (KEYS[key] ?? (key.length === 1 ? key.toUpperCase() : key)), help];
    }),
  ];
  const items = rows.flatMap(([keys, help]) => {
    const caps = keys.split(" ").flatMap((key) => [make("kbd", {}, key), " "]);
    return [make("dt", {}, ...caps), make("dd", {}, help)];
  });
  byId("keys").append(...items);

  const single = byId("single-keys");
  single.checked = localStorage.getItem(STORE) !== "off";
  single.addEventListener("change", () => {
    localStorage.setItem(STORE, single.checked ? "on" : "off");
  });
  const open = () => dialog.showModal();
  byId("help").addEventListener("click", open);
  return { open, mayUseSingleKeys: () => single.checked };
}

/** Shows a command to copy; `saveMask` is null if it needs no mask. */
export function showCommand(text, saveMask) {
  const dialog = byId("curl-dialog");
  const field = byId("curl");
  const copied = byId("curl-copied");
  field.value = text;
  copied.textContent = "";
  byId("curl-mask").hidden = !saveMask;
  byId("curl-save-mask").hidden = !saveMask;
  byId("curl-save-mask").onclick = saveMask;
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      copied.textContent = "Copied.";
    } catch {
      // Without TLS a page may not write to the clipboard.
      field.focus();
      field.select();
      copied.textContent = "Selected: copy it with your keyboard.";
    }
  };
  byId("curl-copy").onclick = copy;
  dialog.showModal();
  copy();
}
