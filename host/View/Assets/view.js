// The web view's own script: asks the server again and again for what is on disk now, and puts it in place of what was.
"use strict";

(() => {
  const every = 1500;

  // The cookie has the token now; an address that is copied need not.
  const address = new URL(location.href);
  if (address.searchParams.has("token")) {
    address.searchParams.delete("token");
    history.replaceState(null, "", address);
  }

  const byId = (id) => document.getElementById(id);

  function connected(is) {
    const text = is ? "" : "no answer: is eda view still running?";
    if (byId("connection").textContent !== text) byId("connection").textContent = text;
  }

  // Asks for a document until the page is left; calls `use` where it is another than before.
  function follow(url, use) {
    let tag = "";
    async function ask() {
      try {
        const answer = await fetch(url, { headers: tag ? { "If-None-Match": tag } : {}, cache: "no-store" });
        connected(true);
        if (answer.ok) {
          tag = answer.headers.get("ETag") || "";
          use(await answer.text());
        }
      } catch {
        connected(false);
      }
      setTimeout(ask, document.hidden ? 4 * every : every);
    }
    ask();
  }

  // Pages of parts: a part is replaced where its text has changed, so that nothing else on the page moves.
  const main = document.querySelector("main[data-parts]");
  if (main) {
    const texts = new Map();
    const parse = (text) => new DOMParser().parseFromString(text, "text/html").querySelectorAll("section[data-part]");
    follow(main.dataset.parts, (text) => {
      const names = new Set();
      let before = null;
      for (const part of parse(text)) {
        const name = part.dataset.part;
        names.add(name);
        const old = main.querySelector(`:scope > section[data-part="${CSS.escape(name)}"]`);
        if (!old) {
          const place = before ? before.nextSibling : main.querySelector(":scope > section");
          main.insertBefore(part, place);
          before = part;
          part.querySelectorAll("section.rollouts").forEach(playRollouts);
        } else if (texts.get(name) !== part.innerHTML && old.innerHTML !== part.innerHTML && !old.contains(document.activeElement) && !(old.querySelector("section.rollouts") && part.querySelector("section.rollouts"))) {
          const open = [...old.querySelectorAll("details")].map((one) => one.open);
          [...part.querySelectorAll("details")].forEach((one, i) => { one.open = open[i] || false; });
          texts.set(name, part.innerHTML);
          old.replaceWith(part);
          before = part;
          part.querySelectorAll("section.rollouts").forEach(playRollouts);
        } else {
          before = old;
        }
      }
      for (const old of main.querySelectorAll(":scope > section[data-part]")) {
        if (!names.has(old.dataset.part)) old.remove();
      }
    });
    return;
  }

  const table = byId("runs");
  if (!table) return;

  // The list.
  const shown = 500;
  const chosen = new Set();
  let rows = [], columns = [], visible = [], most = shown;
  let order = { key: "written", down: true };
  const filter = byId("filter"), state = byId("state");
  filter.value = address.searchParams.get("filter") || "";
  state.value = address.searchParams.get("state") || "";

  const fixed = [
    { key: "folder", head: "run" },
    { key: "state", head: "state" },
    { key: "score", head: "score", number: true },
    { key: "recipe", head: "recipe" },
    { key: "method", head: "method" },
    { key: "budget", head: "budget" },
    { key: "seed", head: "seed", number: true },
  ];
  const last = [
    { key: "stage", head: "stage" },
    { key: "written", head: "last written" },
  ];

  function allColumns() {
    const settings = columns.map((path) => ({ key: "settings." + path, head: path.split(".").slice(-2).join("."), setting: path }));
    const rest = columns.length === 0 && rows.some((row) => Object.keys(row.settings).length > 0) ? [{ key: "settings", head: "settings that differ" }] : [];
    return [...fixed, ...settings, ...rest, ...last];
  }

  function value(row, key) {
    if (key === "settings") return words(row);
    return key.startsWith("settings.") ? row.settings[key.slice(9)] : row[key];
  }

  const words = (row) => Object.entries(row.settings).map(([path, text]) => `${path}=${text}`).join(" ");
  const whole = (row) => [row.state, row.recipe, row.method, row.budget, `seed=${row.seed}`, row.stage, row.folder, words(row), row.reason].join(" ").toLowerCase();

  function fits(row, terms) {
    if (state.value && row.state !== state.value) return false;
    return terms.every((term) => {
      const at = term.indexOf("=");
      if (at <= 0) return whole(row).includes(term);
      const [name, wanted] = [term.slice(0, at), term.slice(at + 1)];
      if (name in row && name !== "settings") {
        const text = String(row[name] ?? "").toLowerCase();
        return name === "folder" ? text.startsWith(wanted) : text === wanted;
      }
      return Object.entries(row.settings).some(([path, text]) => (path.toLowerCase() === name || path.toLowerCase().endsWith("." + name)) && text.toLowerCase() === wanted);
    });
  }

  function compare(a, b) {
    const [left, right] = [value(a, order.key), value(b, order.key)];
    const none = (one) => one === null || one === undefined || one === "";
    if (none(left) || none(right)) return none(left) - none(right);
    const [x, y] = [Number(left), Number(right)];
    const difference = Number.isFinite(x) && Number.isFinite(y) ? x - y : String(left).localeCompare(String(right), "en", { numeric: true });
    return order.down ? -difference : difference;
  }

  function element(name, attributes, ...children) {
    const made = document.createElement(name);
    for (const [key, text] of Object.entries(attributes)) made.setAttribute(key, text);
    made.append(...children);
    return made;
  }

  function ago(seconds) {
    const passed = Math.max(0, Date.now() / 1000 - seconds);
    if (passed < 90) return `${Math.round(passed)} s ago`;
    if (passed < 5400) return `${Math.round(passed / 60)} min ago`;
    return passed < 129600 ? `${Math.round(passed / 3600)} h ago` : new Date(seconds * 1000).toISOString().slice(0, 10);
  }

  function cell(row, column) {
    if (column.key === "state") {
      const made = element("td", {}, element("span", { class: `state ${row.state}` }, row.state));
      if (row.reason && row.state !== "running" && row.state !== "finished") made.append(element("div", { class: "reason why" }, row.reason));
      return made;
    }
    if (column.key === "folder") return element("td", { class: "run" }, element("a", { href: `/run/${row.id}` }, row.folder));
    if (column.key === "stage") {
      const made = element("td", { class: "nowrap" }, row.stage ?? "");
      if (row.state === "running" && row.progress !== null) {
        made.append(" ", element("progress", { max: "1", value: String(row.progress), "aria-label": `steps of ${row.stage}` }), ` ${Math.round(100 * row.progress)} %`);
      }
      return made;
    }
    if (column.key === "score") return element("td", { class: "nowrap" }, row.score === null ? "" : `${row.score.toPrecision(4).replace("-", "−")} ${row.scoreName}`);
    if (column.key === "written") return element("td", { class: "nowrap" }, row.written ? ago(row.written) : "");
    return element("td", {}, String(value(row, column.key) ?? ""));
  }

  function draw() {
    const terms = filter.value.toLowerCase().split(/\s+/).filter((term) => term);
    visible = rows.filter((row) => fits(row, terms)).sort((a, b) => compare(a, b) || (a.folder < b.folder ? -1 : 1));
    const focused = table.contains(document.activeElement) ? document.activeElement.dataset.focus : null;
    const heads = element("tr", {}, element("th", { scope: "col" }, element("span", { class: "unseen" }, "chosen")));
    for (const column of allColumns()) {
      const sorted = order.key === column.key;
      const button = element("button", { type: "button", "data-focus": `sort ${column.key}` }, column.head + (sorted ? (order.down ? " ▾" : " ▴") : ""));
      button.addEventListener("click", () => { order = { key: column.key, down: sorted ? !order.down : column.key === "written" || column.key === "score" }; draw(); });
      heads.append(element("th", { scope: "col", "aria-sort": sorted ? (order.down ? "descending" : "ascending") : "none" }, button));
    }
    const body = element("tbody", {});
    for (const row of visible.slice(0, most)) {
      const box = element("input", { type: "checkbox", "aria-label": `choose ${row.folder}`, "data-focus": `choose ${row.id}` });
      box.checked = chosen.has(row.id);
      box.addEventListener("change", () => { box.checked ? chosen.add(row.id) : chosen.delete(row.id); draw(); });
      const line = element("tr", { "data-id": row.id, class: chosen.has(row.id) ? "chosen" : "" }, element("td", {}, box));
      for (const column of allColumns()) line.append(cell(row, column));
      const link = line.querySelector("a");
      link.dataset.focus = `open ${row.id}`;
      body.append(line);
    }
    table.replaceChildren(element("table", {}, element("thead", {}, heads), body));
    if (visible.length > most) {
      const more = element("button", { type: "button", "data-focus": "more" }, `show ${visible.length - most} more`);
      more.addEventListener("click", () => { most = Infinity; draw(); });
      table.append(more);
    }
    if (focused) table.querySelector(`[data-focus="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
    const count = (visible.length === rows.length ? `${rows.length} runs` : `${visible.length} of ${rows.length} runs`) + (chosen.size ? `, ${chosen.size} chosen` : "");
    if (byId("count").textContent !== count) byId("count").textContent = count;
    byId("compare").disabled = chosen.size === 0;
    byId("report").disabled = chosen.size === 0;
    byId("clear").disabled = chosen.size === 0;
    const place = new URL(location.href);
    for (const [name, text] of [["filter", filter.value], ["state", state.value]]) text ? place.searchParams.set(name, text) : place.searchParams.delete(name);
    if (place.href !== location.href) history.replaceState(null, "", place);
  }

  const openCompare = () => { if (chosen.size) location.assign(`/compare?runs=${[...chosen].slice(0, 12).join(",")}`); };
  const openReport = () => { if (chosen.size) { byId("reportform").elements.runs.value = [...chosen].join(","); byId("reportform").submit(); } };
  const clear = () => { chosen.clear(); draw(); };
  filter.addEventListener("input", draw);
  state.addEventListener("change", draw);
  byId("compare").addEventListener("click", openCompare);
  byId("report").addEventListener("click", openReport);
  byId("clear").addEventListener("click", clear);

  function move(by) {
    const links = [...table.querySelectorAll("tbody a")];
    const at = links.findIndex((link) => link.closest("tr").contains(document.activeElement));
    links[Math.min(links.length - 1, Math.max(0, at + by))]?.focus();
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") {
      if (document.activeElement === filter) { filter.value = ""; filter.blur(); draw(); } else { clear(); }
      return;
    }
    if (event.target.matches("input[type=search], select")) {
      if (event.key === "ArrowDown" && event.target === filter) { event.preventDefault(); move(1); }
      return;
    }
    const row = document.activeElement.closest?.("tr[data-id]");
    const actions = {
      "/": () => filter.focus(),
      j: () => move(1), k: () => move(-1), ArrowDown: () => move(1), ArrowUp: () => move(-1),
      x: () => { if (row) { chosen.has(row.dataset.id) ? chosen.delete(row.dataset.id) : chosen.add(row.dataset.id); draw(); } },
      c: openCompare, r: openReport,
    };
    if (actions[event.key]) { event.preventDefault(); actions[event.key](); }
  });

  // Sweeps stand above the runs, each with a line that is asked for by itself: a large one takes a while to look at.
  const sweeps = new Map();
  function drawSweeps(found) {
    const same = found.length === sweeps.size && found.every((sweep) => sweeps.has(sweep.id));
    if (same) return;
    sweeps.clear();
    const list = element("ul", {});
    for (const sweep of found) {
      const line = element("span", { class: "reason" });
      list.append(element("li", {}, element("a", { href: `/sweep/${sweep.id}` }, sweep.folder), " ", line));
      sweeps.set(sweep.id, line);
    }
    byId("sweeps").replaceChildren(...(found.length ? [element("h2", {}, "Sweeps"), list, element("h2", {}, "Runs")] : []));
  }

  async function askSweeps() {
    for (const [id, line] of sweeps) {
      try {
        const answer = await fetch(`/sweep/${id}/summary`, { cache: "no-store" });
        const text = answer.ok ? await answer.text() : "";
        if (line.innerHTML !== text) line.innerHTML = text;
      } catch {
        break;
      }
    }
    setTimeout(askSweeps, 2 * every);
  }

  follow("/runs.json", (text) => {
    const document_ = JSON.parse(text);
    [rows, columns] = [document_.rows, document_.columns];
    drawSweeps(document_.sweeps);
    draw();
  });
  askSweeps();
  setInterval(() => { if (!document.hidden && rows.some((row) => row.state === "running")) draw(); }, 10000);
})();
