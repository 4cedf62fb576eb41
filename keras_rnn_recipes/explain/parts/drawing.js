// The network unrolled in time. Everything is drawn once; a stage only shows what is computed by then.
const CELL = 46, LINE = 18, HEAD = 19, PAD = 7;

function makeDrawing(svg, scene) {
  const shownAt = [];
  svg.setAttribute("viewBox", `0 0 ${scene.width} ${scene.height}`);
  svg.setAttribute("width", scene.width);
  svg.append(...scene.edges.map((edge) => drawEdge(edge, shownAt)));
  svg.append(...scene.nodes.map((node) => drawNode(node, scene, shownAt)));
  const steps = shape("g", { class: "steps" });
  for (const step of scene.steps) {
    steps.append(shape("text", { x: step.x, y: step.y }, step.text));
    steps.append(shape("text", { x: step.x, y: step.y + 16, class: "caption" }, step.caption));
  }
  svg.append(steps);
  return (stage, way) => shownAt.forEach((show) => show(stage, way));
}

function drawNode(node, scene, shownAt) {
  const group = shape("g", { class: `node ${node.kind}`, role: "img", "data-id": node.id });
  const box = { class: "box", x: node.x, y: node.y, width: node.w, height: node.h, rx: 9 };
  group.append(shape("rect", box));
  let top = node.y + PAD;
  const columns = [];
  for (const block of node.blocks) {
    block.forEach((column, number) => {
      const left = node.x + PAD + CELL * number;
      const drawn = drawColumn(column, left, top, scene);
      columns.push([drawn, column]);
      group.append(drawn);
    });
    top += HEAD + LINE * block[0].numbers.length;
  }
  let badge = null;
  if (node.badge) {
    badge = shape("g", { class: "badge" });
    const text = `${node.badge.name} = ${figure(node.badge.number)}`;
    badge.append(shape("text", { x: node.x + node.w / 2, y: node.y - 9, "text-anchor": "middle" }, text));
    group.append(badge);
  }
  shownAt.push((stage, way) => {
    const from = { value: node.at.forward, target: node.at.forward, gradient: node.at.back };
    const start = node.kind === "start";
    group.classList.toggle("known", start || stage >= node.at.forward);
    group.classList.toggle("active", stage === node.at[way] && !start);
    badge?.classList.toggle("known", stage >= node.at.forward);
    const told = [];
    for (const [drawn, column] of columns) {
      const known = start || stage >= from[column.kind];
      drawn.classList.toggle("known", known);
      if (known) told.push(`${column.name}: ${column.numbers.map(figure).join(", ")}`);
    }
    group.setAttribute("aria-label", told.join("; ") || `${columns[0][1].name}: not computed yet`);
  });
  return group;
}

function drawColumn(column, left, top, scene) {
  const drawn = shape("g", { class: `column ${column.kind}`, "data-name": column.name });
  const middle = left + CELL / 2;
  const name = { class: `name ${column.kind}`, x: middle, y: top + 12, "text-anchor": "middle" };
  drawn.append(shape("text", name, column.name));
  const scale = column.kind === "gradient" ? scene.gradient : scene.value;
  column.numbers.forEach((number, row) => {
    const y = top + HEAD + LINE * row;
    drawn.append(shape("rect", { class: "track", x: left + 1.5, y: y + 1, width: CELL - 3, height: LINE - 2, rx: 3 }));
    const bar = shape("rect", { class: "bar", x: middle, y: y + LINE - 4, width: CELL / 2 - 1.5, height: 3 });
    bar.style.setProperty("--number", number);
    bar.style.setProperty("--scale", scale);
    drawn.append(bar);
    drawn.append(shape("text", { class: "figure", x: middle, y: y + 12, "text-anchor": "middle" }, figure(number, 0)));
  });
  return drawn;
}

function drawEdge(edge, shownAt) {
  const group = shape("g", { class: "edge" });
  const [x1, y1, x2, y2] = edge.line;
  group.append(shape("line", { x1, y1, x2, y2 }));
  group.append(arrow(x2, y2, edge.upward ? "up" : "right", "forward-head"));
  if (edge.labels.back) group.append(arrow(x1, y1, edge.upward ? "down" : "left", "back-head"));
  const labels = Object.entries(edge.labels).map(([way, label]) => {
    const drawn = drawLabel(label, edge);
    drawn.dataset.way = way;
    group.append(drawn);
    return [way, drawn];
  });
  shownAt.push((stage, way) => {
    const known = stage >= edge.at[way];
    const carries = way in edge.labels;
    group.classList.toggle("known", known && carries);
    group.classList.toggle("active", stage === edge.at[way] && carries);
    for (const [of, drawn] of labels) drawn.classList.toggle("known", known && of === way);
  });
  return group;
}

function arrow(x, y, towards, name) {
  const turned = { right: 0, down: 90, left: 180, up: -90 }[towards];
  const place = `translate(${x} ${y}) rotate(${turned})`;
  return shape("path", { class: `head ${name}`, d: "M0 0-9-4.5-9 4.5z", transform: place });
}

function drawLabel(label, edge) {
  const [x1, y1, x2, y2] = edge.line;
  const lines = [label.name, ...label.numbers.map(figure)];
  const x = (x1 + x2) / 2 + (edge.upward ? 9 : 0);
  // Centered next to a vertical line, above a horizontal one.
  const first = edge.upward ? (y1 + y2) / 2 + 4 - 6.5 * (lines.length - 1) : y1 - 7 - 13 * (lines.length - 1);
  const drawn = shape("g", { class: "label" });
  const text = shape("text", { "text-anchor": edge.upward ? "start" : "middle" });
  lines.forEach((line, number) => {
    const place = { x, y: first + 13 * number, class: number ? "figure" : "symbol" };
    text.append(shape("tspan", place, line));
  });
  drawn.append(text);
  return drawn;
}
