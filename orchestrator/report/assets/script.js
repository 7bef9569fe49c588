// The page reads well without this: it sorts tables and enlarges pictures.
"use strict";

// number reads the first number of a cell: "0.863 ± 0.053", "−0.1", "< 0.001", "3 of 8".
function number(cell) {
  const found = cell.textContent.replace(/−/g, "-").match(/-?\d[\d.]*/);
  return found ? parseFloat(found[0]) : NaN;
}

function compare(a, b) {
  const x = number(a), y = number(b);
  if (a.classList.contains("n") && !(isNaN(x) && isNaN(y))) {
    return isNaN(x) ? 1 : isNaN(y) ? -1 : x - y; // cells without a number last
  }
  return a.textContent.trim().localeCompare(b.textContent.trim());
}

function sortBy(table, column, descending) {
  const body = table.tBodies[0];
  const fixed = [...body.rows].filter((row) => row.classList.contains("majority"));
  const rows = [...body.rows].filter((row) => !fixed.includes(row) && row.cells.length > column);
  const cell = (row) => row.cells[column];
  rows.sort((a, b) => compare(cell(a), cell(b)) * (descending ? -1 : 1));
  body.append(...rows, ...fixed);
}

for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[table.tHead.rows.length - 1].cells];
  heads.forEach((head, column) => {
    if (head.classList.contains("chart") || !head.textContent.trim()) return;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const descending = head.getAttribute("aria-sort") === "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", descending ? "descending" : "ascending");
      sortBy(table, column, descending);
    });
  });
}

const dialog = document.createElement("dialog");
const figure = dialog.appendChild(document.createElement("div"));
const large = figure.appendChild(document.createElement("img"));
const caption = figure.appendChild(document.createElement("p"));
document.body.append(dialog);
dialog.addEventListener("click", () => dialog.close());

for (const picture of document.querySelectorAll(".tile img")) {
  picture.tabIndex = 0;
  picture.setAttribute("role", "button");
  const open = () => {
    large.src = picture.src;
    large.alt = picture.alt;
    caption.textContent = picture.title;
    dialog.showModal();
  };
  picture.addEventListener("click", open);
  picture.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      open();
    }
  });
}
