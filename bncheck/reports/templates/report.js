"use strict";
(() => {
  const one = (selector) => document.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const form = one("#filter"), search = one("#search"), verdict = one("#verdict"), cell = one("#cell");
  const findings = all("details.finding"), rows = all("tr.row"), button = one("#all");

  const fits = (element) => element.dataset.text.toLowerCase().includes(search.value.trim().toLowerCase());
  const chosen = (element) => cell.value === "" || element.dataset.cells.split(" ").includes(cell.value);

  const showRow = (row) => {
    const marks = all("td", row).filter(chosen);
    row.hidden = !marks.length || !(fits(row) || mentioned(row))
      || (verdict.value !== "" && !marks.some((mark) => mark.dataset.kind === verdict.value));
  };
  // A row is of interest, too, where one of its findings is what was searched for.
  const mentioned = (row) => all("a.mark", row).some((mark) => {
    const finding = document.getElementById(mark.hash.slice(1));
    return finding !== null && fits(finding);
  });
  const showFinding = (finding) => {
    finding.hidden = !fits(finding) || !chosen(finding)
      || (verdict.value !== "" && finding.dataset.kind !== verdict.value);
  };
  const apply = () => {
    all("[data-cells]").forEach((element) => { element.hidden = !chosen(element); });
    rows.forEach(showRow);
    findings.forEach(showFinding);
    const left = findings.filter((finding) => !finding.hidden).length;
    one("#shown").value = `${left} of ${findings.length} findings`;
    one("#none").hidden = left > 0 || !findings.length;
  };

  const follow = () => {
    const target = document.getElementById(location.hash.slice(1));
    if (!target || !target.matches("details.finding")) return;
    if (target.hidden) { form.reset(); apply(); }
    target.open = true;
    target.scrollIntoView();
    target.querySelector("summary").focus({ preventScroll: true });
  };

  const say = (text) => { one("#said").textContent = text; };
  const copied = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      const area = document.body.appendChild(document.createElement("textarea"));
      area.value = text;
      area.select();
      const done = document.execCommand("copy");
      area.remove();
      return done;
    }
  };
  all("pre.copy").forEach((pre) => {
    const box = document.createElement("div"), press = document.createElement("button");
    box.className = "block";
    pre.replaceWith(box);
    press.type = "button";
    press.textContent = "Copy";
    press.addEventListener("click", async () => {
      press.textContent = (await copied(pre.textContent)) ? "Copied" : "Select it by hand";
      say(press.textContent);
      setTimeout(() => { press.textContent = "Copy"; say(""); }, 2000);
    });
    box.append(pre, press);
  });

  if (button) {
    button.hidden = false;
    button.addEventListener("click", () => {
      const open = button.getAttribute("aria-expanded") !== "true";
      findings.forEach((finding) => { finding.open = open; });
      button.setAttribute("aria-expanded", String(open));
      button.textContent = open ? "Close all" : "Open all";
    });
  }
  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", apply);
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !event.target.matches("input, select, textarea")) {
      event.preventDefault();
      search.focus();
    }
    if (event.key === "Escape" && event.target === search) { search.value = ""; apply(); }
  });
  addEventListener("hashchange", follow);
  addEventListener("beforeprint", () => findings.forEach((finding) => { finding.open = true; }));
  apply();
  follow();
})();
