// What pages gain where scripts run; each works without. Text is only ever set as text, never as HTML.
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const body = document.body;

// GOV.UK Frontend, for the components that our pages use.
body.classList.add("js-enabled", "govuk-frontend-supported");
import(document.getElementById("govuk-module").href).then((govuk) => {
  const used = ["Button", "ErrorSummary", "NotificationBanner", "PasswordInput", "ServiceNavigation", "SkipLink"];
  for (const name of used) govuk.createAll(govuk[name]);
});

// A form is sent once: a second press within five seconds does nothing. Going back makes it ready again.
const sent = new Map();
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.getAttribute("method") === "dialog" || event.defaultPrevented) return;
  if (event.timeStamp - (sent.get(form) ?? -Infinity) < 5000) event.preventDefault();
  else sent.set(form, event.timeStamp);
});
addEventListener("pageshow", () => sent.clear());

// Deadlines: the server's words, kept up to date by the server's clock.
const [within, overdue, now, day, days, hour, hours, min] = body.dataset.due.split("|");
const loaded = performance.now();
function duration(minutes) {
  const parts = [[Math.floor(minutes / 1440), day, days], [Math.floor(minutes / 60) % 24, hour, hours], [minutes % 60, min, min]];
  const first = parts.findIndex(([count]) => count);
  return parts.slice(first, first + 2).filter(([count]) => count)
    .map(([count, one, many]) => `${count} ${count === 1 ? one : many}`).join(" ");
}
function tick() {
  for (const time of all("time[data-countdown]")) {
    const left = Date.parse(time.dateTime) - Date.parse(time.dataset.countdown) - (performance.now() - loaded);
    const minutes = Math.floor(Math.abs(left) / 60000);
    const words = minutes ? (left > 0 ? within : overdue).replace("%s", duration(minutes)) : now;
    if (time.textContent !== words) time.textContent = words;
    time.classList.toggle("countdown--late", left <= 0);
  }
}
setInterval(tick, 15000);
document.addEventListener("visibilitychange", tick);

// Drafts: <form data-draft="ADDRESS">; what changed is kept by the server every five seconds, files left out.
for (const form of all("form[data-draft]")) {
  const told = form.querySelector("[data-draft-status]");
  const written = () => {
    const data = new FormData(form);
    for (const [name, value] of [...data]) if (typeof value !== "string") data.delete(name);
    return new URLSearchParams(data);
  };
  let kept = written().toString();
  let busy = false;
  setInterval(async () => {
    const data = written();
    if (busy || sent.has(form) || data.toString() === kept) return;
    busy = true;
    try {
      const answer = await fetch(form.dataset.draft, { method: "POST", body: data, credentials: "same-origin", redirect: "error" });
      if (answer.ok) kept = data.toString();
      if (told) {
        const time = new Date().toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
        told.textContent = answer.ok ? `${told.dataset.saved} ${time}` : told.dataset.unsaved;
      }
    } catch {
      if (told) told.textContent = told.dataset.unsaved;
    } finally {
      busy = false;
    }
  }, 5000);
}

// Keyboard shortcuts, for who asked for them; the choice is a cookie that the server reads too.
const item = document.querySelector("[data-shortcuts-switch]");
const list = document.getElementById("shortcuts");
const on = () => list && body.dataset.shortcuts === "on";
if (item) {
  const button = item.querySelector("button");
  const show = () => button.setAttribute("aria-pressed", String(on()));
  item.hidden = false;
  show();
  button.addEventListener("click", () => {
    body.dataset.shortcuts = on() ? "off" : "on";
    document.cookie = `calloff_shortcuts=${body.dataset.shortcuts}; path=/; max-age=31536000; samesite=lax${location.protocol === "https:" ? "; secure" : ""}`;
    show();
    if (on()) list.showModal();
  });
}
function move(by) {
  const rows = all("[data-row]");
  const at = rows.findIndex((row) => row.contains(document.activeElement));
  const row = rows[at < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(Math.max(at + by, 0), rows.length - 1)];
  row?.querySelector("[data-open], a")?.focus();
}
document.addEventListener("keydown", (event) => {
  const { target } = event;
  if (!on() || event.ctrlKey || event.metaKey || event.altKey || list.open) return;
  if (target.isContentEditable || /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName)) return;
  const acts = { j: () => move(1), k: () => move(-1), "?": () => list.showModal(), "/": () => document.getElementById("search")?.focus() };
  // A page's own keys: <a data-key="c"> or <button data-key="c">.
  const own = /^[a-z]$/.test(event.key) && document.querySelector(`[data-key="${event.key}"]`);
  if (!acts[event.key] && !own) return;
  event.preventDefault();
  if (acts[event.key]) acts[event.key]();
  else own.click();
});
