// Comfort in the viewer: zoom, rotation, arrow keys, layers without loading, dragging. Reading needs none of it.
"use strict";
(() => {
  const frame = document.querySelector(".cadre");
  const box = document.querySelector(".tour");
  const sheet = document.querySelector(".feuille");
  const image = sheet && sheet.querySelector("img");
  if (!image) return;
  const tools = document.querySelector(".zoom");
  const rate = tools.querySelector("[data-taux]");
  const LEAST = 0.25;
  const MOST = 6;
  let zoom = 1;
  let turn = 0;
  tools.hidden = false;

  // ---- the way back to the results ----
  const back = document.querySelector("[data-retour]");
  const search = back && sessionStorage.getItem("recherche:" + back.dataset.retour);
  if (search) back.setAttribute("href", back.getAttribute("href") + search);

  // ---- zoom and rotation ----
  const place = () => {
    const ratio = image.getAttribute("height") / image.getAttribute("width");
    const lying = turn % 180 !== 0;
    const room = frame.clientWidth * zoom;
    const width = lying ? room / ratio : room;
    const height = width * ratio;
    const plain = zoom === 1 && turn === 0;
    const moves = { 0: "", 90: `translate(${height}px, 0)`, 180: `translate(${width}px, ${height}px)`, 270: `translate(0, ${width}px)` };
    sheet.style.width = plain ? "" : `${width}px`;
    sheet.style.transformOrigin = "0 0";
    sheet.style.transform = turn === 0 ? "" : `${moves[turn]} rotate(${turn}deg)`;
    box.style.width = plain ? "" : `${lying ? height : width}px`;
    box.style.height = plain ? "" : `${lying ? width : height}px`;
    frame.classList.toggle("grand", zoom > 1);
    // The browser chooses among the pictures by what it is to show.
    image.sizes = `${Math.ceil(width)}px`;
    rate.textContent = `${Math.round(zoom * 100)} %`;
  };
  // What lies at a point of the frame stays there.
  const zoomTo = (to, x = frame.clientWidth / 2, y = frame.clientHeight / 2) => {
    const before = zoom;
    zoom = Math.min(MOST, Math.max(LEAST, to));
    if (Math.abs(zoom - 1) < 0.02) zoom = 1;
    const left = (frame.scrollLeft + x) * (zoom / before) - x;
    const top = (frame.scrollTop + y) * (zoom / before) - y;
    place();
    frame.scrollTo(left, top);
  };
  const acts = {
    plus: () => zoomTo(zoom * 1.25),
    moins: () => zoomTo(zoom / 1.25),
    ajuster: () => { turn = 0; zoomTo(1); },
    gauche: () => { turn = (turn + 270) % 360; place(); },
    droite: () => { turn = (turn + 90) % 360; place(); },
  };
  tools.addEventListener("click", (event) => {
    const button = event.target.closest("[data-acte]");
    if (button) acts[button.dataset.acte]();
  });
  frame.addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    const at = frame.getBoundingClientRect();
    zoomTo(zoom * Math.exp(-event.deltaY / 400), event.clientX - at.left, event.clientY - at.top);
  }, { passive: false });
  window.addEventListener("resize", place);
  place();

  // ---- keys: letters and signs only where the page has the focus ----
  const scrolls = () => frame.scrollWidth > frame.clientWidth + 1;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select")) return;
    const leaf = { ArrowLeft: "prev", ArrowRight: "next" }[event.key];
    if (leaf && !(scrolls() && frame.contains(event.target))) {
      const link = document.querySelector(`a[rel=${leaf}]`);
      if (link) { event.preventDefault(); link.click(); }
      return;
    }
    if (!frame.contains(event.target)) return;
    const act = { "+": "plus", "=": "plus", "-": "moins", "0": "ajuster", r: "droite", R: "gauche" }[event.key];
    if (act) { event.preventDefault(); acts[act](); }
  });

  // ---- layers ----
  const layers = [...document.querySelectorAll("[data-calque]")];
  const shown = (link) => link.dataset.shown === "true";
  // As the server spells it: nothing for all.
  const spelt = (names) => names.length === layers.length ? null : names.join(",") || "aucun";
  const address = (href, names) => {
    const to = new URL(href, location.href);
    const value = spelt(names);
    if (value) to.searchParams.set("calques", value); else to.searchParams.delete("calques");
    return to.pathname + to.search + to.hash;
  };
  const names = (changed) => layers.filter((link) => shown(link) !== (link === changed)).map((link) => link.dataset.calque);
  for (const link of layers) {
    link.setAttribute("role", "button");
    const toggle = (event) => {
      event.preventDefault();
      link.dataset.shown = String(!shown(link));
      sheet.classList.toggle("sans-" + link.dataset.calque, !shown(link));
      link.textContent = (shown(link) ? "Masquer " : "Afficher ") + link.dataset.label;
      for (const other of layers) other.setAttribute("href", address(other.href, names(other)));
      for (const page of document.querySelectorAll("[data-page]")) page.setAttribute("href", address(page.href, names()));
      history.replaceState(null, "", address(location.href, names()));
    };
    link.addEventListener("click", toggle);
    link.addEventListener("keydown", (event) => { if (event.key === " ") toggle(event); });
  }

  // ---- dragging with a mouse; fingers scroll by themselves ----
  let held = null;
  frame.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "mouse" || event.button !== 0 || event.target.closest("text")) return;
    if (event.offsetX > frame.clientWidth && event.target === frame) return;
    held = { x: event.clientX, y: event.clientY, left: frame.scrollLeft, top: frame.scrollTop };
    frame.setPointerCapture(event.pointerId);
    frame.classList.add("tenu");
  });
  frame.addEventListener("pointermove", (event) => {
    if (held) frame.scrollTo(held.left - (event.clientX - held.x), held.top - (event.clientY - held.y));
  });
  const release = () => { held = null; frame.classList.remove("tenu"); };
  frame.addEventListener("pointerup", release);
  frame.addEventListener("pointercancel", release);

  // ---- a picture that did not come: the server may have had too many to make ----
  const told = document.querySelector("[data-echec]");
  let attempts = 0;
  const failed = () => {
    if (attempts < 3) {
      attempts += 1;
      setTimeout(() => { const { srcset } = image; image.srcset = ""; image.srcset = srcset; }, 1000 * attempts);
    } else {
      told.hidden = false;
    }
  };
  image.addEventListener("error", failed);
  image.addEventListener("load", () => { attempts = 0; told.hidden = true; });
  if (image.complete && image.naturalWidth === 0) failed();
})();
