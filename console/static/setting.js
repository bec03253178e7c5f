// A setting's page: the marked words in what people are told follow what is being written.

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
