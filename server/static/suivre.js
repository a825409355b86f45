// Follows what goes on by itself: the parts of the page that advance are asked for again until they are done.
// Without scripts the page says the same when it is loaded again.
"use strict";
(() => {
  const wait = 2000;
  let failures = 0;
  const again = async () => {
    const part = document.querySelector("[data-suivre]");
    if (!part) return;
    try {
      const answer = await fetch(part.dataset.suivre, { credentials: "same-origin", redirect: "error" });
      if (!answer.ok) throw new Error(String(answer.status));
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById(part.id);
      if (!fresh) throw new Error("another page");
      part.replaceWith(fresh);
      failures = 0;
    } catch {
      // A server that restarts is back soon; one that is gone is not asked for ever.
      failures += 1;
    }
    if (failures < 30) setTimeout(again, wait);
  };
  setTimeout(again, wait);
})();
