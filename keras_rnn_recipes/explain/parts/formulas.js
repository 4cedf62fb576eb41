// The formulas of a stage: in symbols, and below with their numbers.
function showFormulas(place, groups, matrices) {
  place.replaceChildren(
    ...groups.map((group) => {
      const made = element("div", { class: "group" });
      made.append(element("h3", {}, group.heading));
      made.append(...group.equations.map((equation) => showEquation(equation, matrices)));
      return made;
    }),
  );
}

function showEquation(equation, matrices) {
  const made = element("div", { class: "equation" });
  made.append(element("div", { class: "symbols" }, `${equation.left} = ${equation.formula}`));
  const numbers = element("div", { class: "numbers" });
  // Large matrices have norms only, with which a formula cannot be evaluated: they are listed.
  const terms = equation.pieces.filter((piece) => typeof piece !== "string");
  const listed = terms.some((term) => !matrices[term.of].rows);
  for (const piece of listed ? terms : equation.pieces) {
    if (typeof piece === "string") numbers.append(element("span", { class: "operator" }, piece));
    else numbers.append(showMatrix(piece.name, matrices[piece.of]));
  }
  numbers.append(element("span", { class: "operator" }, listed ? "→" : "="));
  const value = showMatrix(equation.left, matrices[equation.value]);
  value.classList.add("result");
  numbers.append(value);
  made.append(numbers);
  return made;
}

function showMatrix(name, matrix) {
  const rows = matrix.rows ?? [[matrix.norm]];
  const told = matrix.rows ? name : `‖${name}‖, ${matrix.shape}`;
  const label = `${told}: ${rows.map((row) => row.map(figure).join(", ")).join("; ")}`;
  const made = element("span", { class: "matrix", role: "img", "aria-label": label });
  const cells = element("span", { class: "cells" });
  cells.style.setProperty("--columns", rows[0].length);
  for (const row of rows) cells.append(...row.map((number) => element("span", {}, figure(number))));
  made.append(cells, element("span", { class: "name" }, told));
  return made;
}
