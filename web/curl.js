// The request as a command line.

import { address } from "./api.js";

/** The command that makes what the page does; `output` is the file it writes. */
export function command({ task, image, parameters, hasMask, needsKey, output }) {
  const lines = [`curl -fsS ${quote(address(`v1/${task}`).href)}`];
  if (needsKey) lines.push('-H "Authorization: Bearer $COGD_KEY"');
  lines.push(`-F ${quote(`image=@${formName(image)}`)}`);
  if (hasMask) lines.push(`-F ${quote("mask=@mask.png")}`);
  for (const [name, value] of parameters) lines.push(`-F ${quote(`${name}=${value}`)}`);
  lines.push(`-o ${quote(output)}`);
  return lines.join(" \\\n  ");
}

/** curl takes `,` and `;` in the name of a file for its own, unless the name is in quotes. */
function formName(name) {
  return /[,;"\\]/.test(name) ? `"${name.replace(/["\\]/g, "\\$&")}"` : name;
}

/** A word of the shell. */
function quote(text) {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
