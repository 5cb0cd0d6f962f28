// Numbers as people read them.

const UNITS = ["bytes", "kB", "MB", "GB"];

/** `1.4 MB`. */
export function bytes(count) {
  let unit = 0;
  while (count >= 1000 && unit < UNITS.length - 1) {
    count /= 1000;
    unit += 1;
  }
  return `${unit === 0 || count >= 100 ? Math.round(count) : count.toFixed(1)} ${UNITS[unit]}`;
}

/** `0.4 s`, `12 s`, `2 min 5 s`. */
export function duration(seconds) {
  if (seconds < 0.0995) return `${Math.max(1, Math.round(seconds * 1000))} ms`;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** A share from 0 to 1 in percent. What is there is never shown as nothing, nor a part as all. */
export function percent(share) {
  const value = share * 100;
  if (value > 0 && value < 0.01) return "less than 0.01 %";
  if (value > 99.9 && value < 100) return "more than 99.9 %";
  const digits = value === 0 || value === 100 ? 0 : value < 1 ? 2 : 1;
  return `${value.toFixed(digits)} %`;
}

/** `480 × 344`. */
export function size(width, height) {
  return `${width} × ${height}`;
}
