// A setting's page: the marked words in what people are told follow what is being written; Tuesday to Friday can be made
// as Monday; and what is wrong has the focus.

const field = document.querySelector("[data-fact]");
const marks = [...document.querySelectorAll("[data-told]")];
const before = marks.map((mark) => mark.textContent);

function show() {
  const text = field.value.trim();
  marks.forEach((mark, number) => (mark.textContent = text || before[number]));
}

if (field && marks.length) {
  field.addEventListener("input", show);
  if (field.value.trim()) show();
}

const same = document.querySelector("[data-same]");

function asMonday() {
  for (const monday of document.querySelectorAll('[name$="_0"]')) {
    for (const day of [1, 2, 3, 4]) document.getElementsByName(monday.name.replace(/0$/, day))[0].value = monday.value;
  }
}

if (same) {
  same.hidden = false;
  same.addEventListener("click", asMonday);
}

document.querySelector(".wrong :is(input, select, textarea)")?.focus();
