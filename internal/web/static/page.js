// Lets ages and countdowns go on, says when the figures have become too old, and draws the page anew every few seconds.
// Without it the page is whole and stands still.
(() => {
  "use strict";
  const every = 10; // Seconds between two drawings.

  // How long the page has stood here. Two clocks, and the larger counts: one stops while a machine sleeps, the other may be
  // set back. Figures may look older than they are, never younger.
  let monotone = performance.now(), wall = Date.now();
  const stood = () => Math.floor(Math.max(performance.now() - monotone, Date.now() - wall, 0) / 1000);

  const pad = (n) => String(n).padStart(2, "0");
  const age = (s) => {
    if (s < 120) return `${Math.max(0, s)}s`;
    if (s < 3600) return `${Math.floor(s / 60)}m`;
    if (s < 2 * 86400) return `${Math.floor(s / 3600)}h${pad(Math.floor((s % 3600) / 60))}m`;
    return `${Math.floor(s / 86400)}d${pad(Math.floor((s % 86400) / 3600))}h`;
  };
  const down = {
    due: (s) => (s > 0 ? `in ${age(s)}` : s > -60 ? "now" : `overdue ${age(-s)}`),
    left: (s) => (s <= 0 ? "lost" : age(s)),
  };
  const write = (el, text) => { if (el.textContent !== text) el.textContent = text; };

  const tick = () => {
    const gone = stood();
    for (const el of document.querySelectorAll("span[data-age]")) write(el, age(Number(el.dataset.age) + gone));
    for (const el of document.querySelectorAll("[data-count]")) write(el, down[el.dataset.kind](Number(el.dataset.count) - gone));
    const body = document.body, old = document.getElementById("old");
    if (!("never" in body.dataset) && Number(body.dataset.age) + gone > Number(body.dataset.limit) && old.hidden) {
      old.hidden = false;
      document.documentElement.classList.add("stale", "gone-stale");
    }
  };

  const silent = (why) => {
    const band = document.getElementById("silent");
    band.hidden = why === "";
    if (why !== "") write(band, why);
  };

  // busy is true while drawing anew would take something out of somebody's hands.
  const busy = () => {
    const el = document.activeElement;
    return Boolean(el && el.closest("form")) || String(getSelection()) !== "";
  };
  const handle = (el) => el && el.closest && el.closest("main") ? `${el.tagName} ${el.getAttribute("href") || el.textContent}` : "";
  const focusables = "a[href], button, summary, input";

  let working = false;
  const renew = async () => {
    if (working || document.hidden || busy()) return;
    working = true;
    const asked = { monotone: performance.now(), wall: Date.now() }; // Before the answer: it is no younger than the question.
    try {
      const answer = await fetch(location.href, { credentials: "same-origin", cache: "no-store", redirect: "error", signal: AbortSignal.timeout(15000) });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`the worker answers ${answer.status}`);
      const next = new DOMParser().parseFromString(text, "text/html");
      const fresh = next.getElementById("fresh");
      if (!fresh) throw new Error("the answer is no page of a worker");
      if (busy()) return;
      const open = [...document.querySelectorAll("details")].map((d) => [d.id, d.open]);
      const focus = handle(document.activeElement);
      document.getElementById("fresh").replaceWith(document.adoptNode(fresh));
      for (const part of ["header.top nav", "footer.foot"]) {
        const now = document.querySelector(part), then = next.querySelector(part);
        if (now && then && !now.contains(document.activeElement)) now.replaceWith(document.adoptNode(then));
      }
      document.title = next.title;
      document.documentElement.className = next.documentElement.className;
      for (const name of ["age", "limit", "never"]) {
        if (name in next.body.dataset) document.body.dataset[name] = next.body.dataset[name]; else delete document.body.dataset[name];
      }
      for (const [id, was] of open) { const d = id && document.getElementById(id); if (d) d.open = was; }
      if (focus) [...document.querySelectorAll(focusables)].find((el) => handle(el) === focus)?.focus({ preventScroll: true });
      monotone = asked.monotone; wall = asked.wall;
      silent("");
      control();
    } catch (err) {
      silent(`This page could not be drawn anew for ${age(stood())}: ${err.name === "TypeError" ? "the worker does not answer" : err.message}. What stands here is as old as that.`);
    } finally {
      working = false;
    }
  };

  // People may stop the drawing: a page that changes under one's eyes is hard to read for some.
  let on = "live" in document.body.dataset && sessionStorage.getItem("still") !== "yes", since = 0;
  const control = () => {
    const place = document.getElementById("live"), button = document.getElementById("toggle");
    if (!place) return;
    place.hidden = false;
    button.setAttribute("aria-pressed", String(on));
    write(button, on ? `refreshing every ${every} s` : "not refreshing");
    button.onclick = () => {
      on = !on;
      sessionStorage.setItem("still", on ? "no" : "yes");
      control();
    };
  };
  control();
  tick();
  setInterval(() => {
    tick();
    if (on && ++since >= every) { since = 0; renew(); }
  }, 1000);
  document.addEventListener("visibilitychange", () => { if (!document.hidden && on) { since = 0; tick(); renew(); } });
})();
