// Pages refresh themselves: not while they are hidden, and not while a person is about to act or has selected text.
"use strict";

const isBusy = (element) =>
  document.hidden ||
  element.querySelector("details.action[open]") !== null ||
  element.contains(document.activeElement) && document.activeElement.matches("input, textarea, select");

document.addEventListener("htmx:beforeRequest", (event) => {
  const element = event.detail.elt;
  if (element.matches("[data-refresh]") && isBusy(element)) event.preventDefault();
});

document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  for (const element of document.querySelectorAll("[data-refresh]")) htmx.trigger(element, "refresh");
});

const say = (text) => {
  const notice = document.getElementById("notice");
  if (notice.textContent !== text) notice.textContent = text;
};

for (const name of ["htmx:sendError", "htmx:responseError", "htmx:timeout"])
  document.addEventListener(name, () => say("This page could not be refreshed. It is tried again."));
document.addEventListener("htmx:afterSwap", () => say(""));
