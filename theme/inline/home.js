if (location.protocol === "file:") document.getElementById("home").href = "index.html";
