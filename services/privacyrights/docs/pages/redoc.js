"use strict";

{
  const api = document.getElementById("api");
  const family = "system-ui, sans-serif"; // Redoc's own choice would be two fonts from the network
  Redoc.init(
    api.dataset.openapi,
    {
      nativeScrollbars: true,
      theme: { typography: { fontFamily: family, headings: { fontFamily: family } } },
    },
    api,
  );
}
