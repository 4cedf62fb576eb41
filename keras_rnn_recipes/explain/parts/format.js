// Numbers are computed before the page is written; here they are only formatted.
const DIGITS = 3;

function figure(number, places = 1) {
  if (Number.isInteger(number) && Math.abs(number) < 1e5) return String(number).replace("-", "−");
  const size = Math.abs(number);
  const text = size < 0.0005 || size >= 1e5 ? number.toExponential(places) : number.toFixed(DIGITS);
  return text.replaceAll("-", "−").replace("e+", "e");
}

function element(name, attributes = {}, text = null) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== null) made.textContent = text;
  return made;
}

function shape(name, attributes = {}, text = null) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== null) made.textContent = text;
  return made;
}
