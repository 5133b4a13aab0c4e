"use strict";
// Comfort only: without this file a reload shows what was saved.

const EVERY = 500;
const live = () => document.querySelector("[data-live]");

async function look() {
  const shown = live();
  if (!shown || document.hidden) return;
  const answer = await fetch(shown.dataset.live, { credentials: "same-origin", cache: "no-store" });
  if (!answer.ok || (await answer.text()) === shown.dataset.stamp) return;
  const page = await fetch(location.href, { credentials: "same-origin", cache: "no-store" });
  if (!page.ok) return;
  const fresh = new DOMParser().parseFromString(await page.text(), "text/html").querySelector("[data-live]");
  if (fresh) shown.replaceWith(document.importNode(fresh, true));
}

async function watch() {
  try {
    await look();
  } catch {
    // The server stands still for a moment: the next look finds it again.
  }
  setTimeout(watch, EVERY);
}

if (live()) setTimeout(watch, EVERY);
