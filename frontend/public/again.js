// Asks for the page once more when a file of its build is gone: a new version went live since it was opened, and its
// pods have files of other names. A plain script under a name that never changes, so that it is there whatever is gone.
(() => {
  const NOTE = "asked-again-at";
  const AT_MOST_EVERY = 60_000;

  /** The last field that the customer changed, so that nothing they typed is lost. @type {unknown} */
  let changed = null;
  /** Whether the page is on its way, once that is known. @type {Promise<boolean> | null} */
  let asking = null;

  addEventListener("input", (event) => {
    changed = event.target;
  });
  addEventListener("vite:preloadError", () => void askAgain());
  addEventListener("error", (event) => void lost(event.target), true); // these do not bubble

  /** @param {EventTarget | null} element */
  async function lost(element) {
    if (isNeeded(element) && !(await askAgain()) && element instanceof HTMLScriptElement) {
      say();
    }
  }

  /** A script without which there is no page, or its looks; a font has a stand-in. @param {EventTarget | null} element */
  function isNeeded(element) {
    if (element instanceof HTMLScriptElement) {
      return isOfTheBuild(element.src);
    }
    return element instanceof HTMLLinkElement && element.rel !== "preload" && isOfTheBuild(element.href);
  }

  /** @param {string} address */
  function isOfTheBuild(address) {
    return address !== "" && new URL(address).pathname.startsWith("/assets/");
  }

  function askAgain() {
    asking ??= ask().then((coming) => {
      asking = coming ? asking : null;
      return coming;
    });
    return asking;
  }

  /** Answers whether the page comes. Meanwhile base.css hides what could not be opened. */
  async function ask() {
    // Where something was typed, the page's CrashGuard asks the customer, as soon as what is gone is needed.
    if (isTyping() || !isDue()) {
      return false;
    }
    document.documentElement.ariaBusy = "true";
    // Without a connection the customer has more of the page that is there than of the browser's word that none is.
    const answer = await fetch(location.href, { cache: "reload" }).catch(() => null);
    if (answer?.ok && noted()) {
      location.reload();
      return true;
    }
    document.documentElement.ariaBusy = null;
    return false;
  }

  function isTyping() {
    return changed instanceof Element && changed.isConnected && changed.checkVisibility();
  }

  function isDue() {
    try {
      return Date.now() - Number(sessionStorage.getItem(NOTE)) >= AT_MOST_EVERY;
    } catch {
      return false; // nothing is kept in this browser
    }
  }

  /** Whether the next page will know of this one: else it could go on for ever. */
  function noted() {
    try {
      sessionStorage.setItem(NOTE, String(Date.now()));
      return true;
    } catch {
      return false;
    }
  }

  /** Where the page's own script never ran, nothing else can say so. */
  function say() {
    const words = document.getElementById("unopened");
    if (words) {
      words.hidden = false;
      words.querySelector("button")?.addEventListener("click", () => location.reload());
    }
  }
})();
