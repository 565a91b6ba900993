// Asks for the same page again while somebody watches, and puts in only what is marked as live: scrolling, filters and focus stay.
(() => {
  "use strict";
  const EVERY_MS = 15000;
  const regions = () => [...document.querySelectorAll("[data-live][id]")];
  if (!regions().length) return;

  let paused = false;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "live";
  const say = () => {
    button.textContent = paused ? "Paused" : "Live";
    button.setAttribute("aria-pressed", String(!paused));
    button.title = paused ? "Follow what happens" : "Stop following what happens";
  };
  button.addEventListener("click", () => {
    paused = !paused;
    say();
    if (!paused) look();
  });
  say();
  document.querySelector(".clock").append(button);

  const selecting = () => String(getSelection()) !== "";

  const put = (fresh) => {
    const active = document.activeElement;
    for (const open of document.querySelectorAll("details[open][id]")) fresh.getElementById(open.id)?.setAttribute("open", "");
    const ids = (page) => [...page.querySelectorAll("[data-live][id]")].map((region) => region.id).join();
    if (ids(fresh) !== ids(document)) {
      document.querySelector("main").innerHTML = fresh.querySelector("main").innerHTML;
    }
    for (const old of regions()) {
      const next = fresh.getElementById(old.id);
      if (!next || next.innerHTML === old.innerHTML) continue;
      const href = old.contains(active) ? active.getAttribute("href") : null;
      old.innerHTML = next.innerHTML;
      if (href) [...old.querySelectorAll("a")].find((a) => a.getAttribute("href") === href)?.focus({ preventScroll: true });
    }
  };

  const look = async () => {
    if (paused || document.hidden || selecting()) return;
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (!answer.ok) throw new Error(String(answer.status));
      put(new DOMParser().parseFromString(await answer.text(), "text/html"));
      button.classList.remove("lost");
    } catch {
      button.classList.add("lost");
      button.textContent = "No answer; trying again";
      return;
    }
    say();
  };

  setInterval(look, EVERY_MS);
  document.addEventListener("visibilitychange", look);
})();
