// Makes the phone live: sends forms without leaving the page, and fetches the page
// again when the server says that something changed, swapping the parts that
// differ. Without this script everything works by forms and reloading.
"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const text = $("text");
  const scroller = document.querySelector(".scroll");

  // Times are shown in the browser's own zone.
  const clocks = (root) => {
    for (const time of root.querySelectorAll("time")) {
      const at = new Date(time.dateTime);
      if (!Number.isNaN(at.getTime())) {
        time.textContent = at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false });
      }
    }
  };

  const swap = (old, fresh) => {
    if (old.innerHTML !== fresh.innerHTML) old.innerHTML = fresh.innerHTML;
  };

  // Messages are added at the end, so that a screen reader tells the new ones
  // alone; of those already there the small parts are renewed in place.
  const show = (html) => {
    const page = new DOMParser().parseFromString(html, "text/html");
    const log = page.getElementById("log");
    if (!log) return false;
    clocks(page);
    for (const item of [...log.children]) {
      const old = $(item.id);
      if (!old) {
        item.classList.add("new");
        $("log").append(item);
        continue;
      }
      const parts = old.querySelectorAll("[data-part]");
      item.querySelectorAll("[data-part]").forEach((part, i) => swap(parts[i], part));
    }
    for (const part of page.querySelectorAll("[data-part][id]")) swap($(part.id), part);
    $("phone").className = page.getElementById("phone").className;
    return true;
  };

  const tell = (message) => {
    $("problem").textContent = message;
    $("problem").hidden = !message;
  };

  // One request at a time; what changes meanwhile asks for one more.
  let running = false, again = false;
  const refresh = async () => {
    again = true;
    if (running || document.hidden) return; // what nobody sees isn't read
    running = true;
    try {
      while (again) {
        again = false;
        const answer = await fetch(location.pathname, { cache: "no-store" });
        if (answer.ok) show(await answer.text());
      }
    } catch {
      // The stream says when the server is back.
    } finally {
      running = false;
    }
  };

  const live = new EventSource("/phone/events?since=" + document.body.dataset.revision);
  live.addEventListener("change", refresh);
  live.addEventListener("open", () => {
    if (!$("offline").hidden) refresh();
    $("offline").hidden = true;
    $("presence").hidden = false;
  });
  live.addEventListener("error", () => {
    $("offline").hidden = false;
    $("presence").hidden = true;
  });
  document.addEventListener("visibilitychange", () => { if (again) refresh(); });

  const fit = () => {
    text.style.height = "auto";
    text.style.height = text.scrollHeight + "px";
  };

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    event.preventDefault();
    const data = new FormData(form, event.submitter);
    const body = form.enctype === "multipart/form-data" ? data : new URLSearchParams(data);
    const typed = form.id === "composer" ? text.value : "";
    const put = (value) => {
      text.value = text.defaultValue = value;
      fit();
    };
    if (typed) put("");
    const around = form.closest("details.pop");
    if (around) around.open = false;
    text.focus({ preventScroll: true });
    try {
      const answer = await fetch(form.action, { method: "POST", body });
      const html = await answer.text();
      if (!answer.ok || !show(html)) throw new Error("refused");
      const problem = new DOMParser().parseFromString(html, "text/html").getElementById("problem");
      tell(problem.hidden ? "" : problem.textContent);
      if (!problem.hidden && typed && !text.value) put(typed);
      else if (form.id !== "composer") form.reset();
      else unquote();
      scroller.scrollTop = 0; // the newest: the list is upside down
    } catch {
      tell($("problem").dataset.notSent);
      if (typed && !text.value) put(typed);
    }
  });

  // The shop hears that its voice note is played. Media events don't bubble.
  document.addEventListener("play", (event) => {
    const item = event.target.closest("li.theirs");
    if (!item || !("voice" in event.target.dataset)) return;
    const body = new URLSearchParams({ message: item.id, do: "play" });
    fetch($("composer").action, { method: "POST", body }).catch(() => {});
  }, true);

  // What was quoted or edited is done with.
  const unquote = () => {
    for (const left of document.querySelectorAll("#reply, #composer input[type=hidden]")) left.remove();
    if (location.search) history.replaceState(null, "", location.pathname);
  };

  // A chosen file is sent at once, with the caption that is there.
  $("file").addEventListener("change", (event) => {
    if (event.target.type === "file" && event.target.files.length) $("file").requestSubmit();
  });

  // A line break sends, with Shift it is one. Keyboards on glass name no keys, but
  // all of them ask for line breaks.
  let shift = false;
  text.addEventListener("keydown", (event) => { shift = event.shiftKey; });
  text.addEventListener("beforeinput", (event) => {
    if (event.inputType !== "insertLineBreak" || shift) return;
    event.preventDefault();
    if (text.value.trim()) text.form.requestSubmit();
  });
  text.addEventListener("input", fit);

  // Menus close like any other, and one is open at a time.
  const menus = () => document.querySelectorAll("details.pop[open]");
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of menus()) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });
  document.addEventListener("click", (event) => {
    for (const menu of menus()) if (!menu.contains(event.target)) menu.open = false;
  });

  clocks(document);
  fit();
  text.setSelectionRange(text.value.length, text.value.length);
  if (matchMedia("(pointer: fine)").matches) text.focus({ preventScroll: true });
})();
