// Slider, buttons and keys choose a stage.
const PAUSE = 1700;
const { scene, stages, matrices } = JSON.parse(document.getElementById("data").textContent);
const at = (id) => document.getElementById(id);
const draw = makeDrawing(at("drawing"), scene);
let current = 0;
let timer = null;

function show(stage) {
  current = Math.min(Math.max(stage, 0), stages.length - 1);
  const { way, title, text, groups } = stages[current];
  document.body.dataset.way = way;
  document.body.dataset.stage = current;
  at("stage").value = current;
  at("stage").setAttribute("aria-valuetext", title);
  at("title").textContent = title;
  at("text").textContent = text;
  at("first").disabled = at("previous").disabled = current === 0;
  at("next").disabled = at("last").disabled = current === stages.length - 1;
  draw(current, way === "update" ? "sum" : way);
  showFormulas(at("formulas"), groups, matrices);
  bringIntoView();
  if (location.hash !== `#${current}`) history.replaceState(null, "", `#${current}`);
}

// A network that is wider than the window scrolls along with the steps.
function bringIntoView() {
  const active = document.querySelector(".node.active");
  const outer = at("scroll");
  if (!active || outer.scrollWidth <= outer.clientWidth) return;
  const [box, frame] = [active.getBoundingClientRect(), outer.getBoundingClientRect()];
  outer.scrollLeft += box.left + box.width / 2 - frame.left - frame.width / 2;
}

function pause() {
  clearInterval(timer);
  timer = null;
  delete document.body.dataset.playing;
  at("play").setAttribute("aria-label", "Play");
}

function play() {
  if (timer !== null) return pause();
  if (current === stages.length - 1) show(0);
  document.body.dataset.playing = "";
  at("play").setAttribute("aria-label", "Pause");
  timer = setInterval(() => {
    show(current + 1);
    if (current === stages.length - 1) pause();
  }, PAUSE);
}

function goTo(stage) {
  pause();
  show(stage);
}

at("first").addEventListener("click", () => goTo(0));
at("previous").addEventListener("click", () => goTo(current - 1));
at("next").addEventListener("click", () => goTo(current + 1));
at("last").addEventListener("click", () => goTo(stages.length - 1));
at("play").addEventListener("click", play);
at("stage").addEventListener("input", (event) => goTo(event.target.valueAsNumber));

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const onButton = event.target instanceof HTMLButtonElement;
  const moves = {
    ArrowRight: () => goTo(current + 1),
    ArrowLeft: () => goTo(current - 1),
    Home: () => goTo(0),
    End: () => goTo(stages.length - 1),
    ...(onButton ? {} : { " ": play }),
  };
  if (!(event.key in moves)) return;
  event.preventDefault();
  moves[event.key]();
});

// The color scheme of the system, until the reader chooses one.
const systemIsDark = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => (document.documentElement.dataset.theme ?? (systemIsDark.matches ? "dark" : "light")) === "dark";

function tellTheme() {
  at("theme").setAttribute("aria-pressed", String(isDark()));
}

at("theme").addEventListener("click", () => {
  document.documentElement.dataset.theme = isDark() ? "light" : "dark";
  tellTheme();
});
systemIsDark.addEventListener("change", tellTheme);
addEventListener("resize", bringIntoView);
addEventListener("hashchange", () => goTo(Number.parseInt(location.hash.slice(1), 10) || 0));
tellTheme();
show(Number.parseInt(location.hash.slice(1), 10) || 0);
