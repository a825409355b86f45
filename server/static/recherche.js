// Search as one types: the list of the same page, fetched again. Without this the form does it.
"use strict";
(() => {
  const field = document.querySelector("[data-chercher]");
  const results = document.getElementById("resultats");
  const form = field && field.form;
  if (!form || !results) return;
  const exam = form.getAttribute("action").split("/")[2];
  // For the viewer's way back. It stays in this tab, and in no address but this page's own.
  const remember = () => sessionStorage.setItem("recherche:" + exam, location.search);
  remember();
  let waiting;
  let running;
  const search = async () => {
    const address = form.getAttribute("action") + "?" + new URLSearchParams({ q: field.value });
    if (running) running.abort();
    running = new AbortController();
    const { signal } = running;
    results.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(address, { signal, credentials: "same-origin" });
      // Whoever is not signed in any more is led to where he can.
      if (!answer.ok || answer.redirected) return location.assign(address);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const found = page.getElementById("resultats");
      if (!found) return location.assign(address);
      results.replaceChildren(...found.childNodes);
      history.replaceState(null, "", address);
      remember();
    } catch (fault) {
      if (fault.name !== "AbortError") form.requestSubmit();
    } finally {
      if (!signal.aborted) results.removeAttribute("aria-busy");
    }
  };
  field.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(search, 200);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(waiting);
    search();
  });
})();
