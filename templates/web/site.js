"use strict";
// Comfort only: every form works without this file, and whatever fails here leaves the form as it is.

const comforts = [guessZone, searchTopics, daysOfTheCadence, livePreview];

function guessZone() {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!zone || zone.startsWith("Etc/")) return;
  for (const field of document.querySelectorAll("[name=timezone][data-guess]")) {
    if (field.tagName !== "SELECT") {
      field.value = zone;
    } else if (field.value === "UTC" && [...field.options].some((option) => option.value === zone)) {
      field.value = zone;
    }
  }
}

function searchTopics() {
  for (const topics of document.querySelectorAll("[data-topics]")) {
    const box = topics.querySelector(".topic-search");
    const field = box.querySelector("input");
    const found = box.querySelector("[role=status]");
    const groups = [...topics.querySelectorAll(".topic-group")];
    const fold = (text) => text.toLowerCase().normalize("NFKD").replace(/\p{M}/gu, "");
    const show = () => {
      const words = fold(field.value).split(/\s+/).filter(Boolean);
      let count = 0;
      for (const group of groups) {
        let some = false;
        for (const pick of group.querySelectorAll(".pick")) {
          const input = pick.querySelector("input");
          const fits = words.every((word) => fold(`${input.value} ${input.dataset.words}`).includes(word));
          // The topic above stays as a heading for those below it that fit.
          pick.hidden = !fits && !pick.classList.contains("top");
          some ||= fits;
          count += fits;
        }
        group.hidden = !some;
        const below = group.querySelector("details");
        if (below && words.length) below.open = below.dataset.searched = true;
        else if (below?.dataset.searched) {
          delete below.dataset.searched;
          below.open = below.querySelector("input:checked") !== null;
        }
      }
      const chosen = topics.querySelectorAll("input[name=topic]:checked").length;
      const tell = chosen ? `${chosen} chosen` : "";
      const match = words.length ? `${count} ${count === 1 ? "topic fits" : "topics fit"}` : "";
      found.textContent = [match, tell].filter(Boolean).join(", ");
    };
    field.addEventListener("input", show);
    field.addEventListener("keydown", (event) => {
      if (event.key === "Enter") event.preventDefault();
    });
    topics.addEventListener("change", show);
    box.hidden = false;
    show();
  }
}

function daysOfTheCadence() {
  for (const cadence of document.querySelectorAll("[data-cadence]")) {
    const show = () => {
      const chosen = cadence.querySelector("input[name=cadence]:checked");
      for (const part of cadence.querySelectorAll("[data-for]")) {
        part.hidden = !chosen || part.dataset.for !== chosen.value;
      }
    };
    cadence.addEventListener("change", show);
    show();
  }
}

function livePreview() {
  for (const form of document.querySelectorAll("form[data-preview]")) {
    const place = form.querySelector("#preview");
    const button = form.querySelector("button[formaction]");
    let waiting = 0;
    let asked = null;
    const ask = async () => {
      asked?.abort();
      const mine = (asked = new AbortController());
      const fields = new URLSearchParams(new FormData(form));
      fields.delete("email"); // the preview needs no address
      place.setAttribute("aria-busy", "true");
      try {
        const answer = await fetch(form.dataset.preview, {
          method: "POST",
          body: fields,
          headers: { "X-Fragment": "preview" },
          signal: mine.signal,
        });
        if (answer.ok) place.innerHTML = await answer.text();
        button.hidden = answer.ok;
      } catch {
        if (!mine.signal.aborted) button.hidden = false;
      } finally {
        if (mine === asked) place.setAttribute("aria-busy", "false");
      }
    };
    const later = (event) => {
      if (["email", "hour", "timezone", "cadence", "day", "weekly_day", "monthly_day", "name", ""].includes(event.target.name)) return;
      clearTimeout(waiting);
      waiting = setTimeout(ask, 500);
    };
    form.addEventListener("change", later);
    form.addEventListener("input", later);
    if (form.querySelector("input[name=topic]:checked")) ask();
  }
}

for (const comfort of comforts) {
  try {
    comfort();
  } catch (error) {
    console.warn(error);
  }
}
