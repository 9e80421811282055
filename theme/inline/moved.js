// An old address leads on: to the place that its fragment names, else to the new page's beginning.
// A refresh by itself would forget the fragment; it is there for readers without scripts.
(() => {
  const links = [...document.links];
  location.replace(links.find((link) => link.id && `#${link.id}` === location.hash) ?? links[0]);
})();
