// Predict first: the answer opens when something was chosen. Without this script it is a fold.
for (const form of document.querySelectorAll("form.predict")) {
  const answer = form.querySelector("details");
  answer.hidden = true;
  form.addEventListener("change", (event) => {
    answer.hidden = false;
    answer.open = true;
    form.dataset.chosen = event.target.value === "right" ? "right" : "wrong";
  });
  // The arrow keys choose here; they must not turn the page.
  form.addEventListener("keydown", (event) => event.stopPropagation());
  form.addEventListener("submit", (event) => event.preventDefault());
}
