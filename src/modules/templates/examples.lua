--- templates.get
-- _index.yaml of the namespace app.views:
--   - name: mails
--     kind: template.set
--   - name: welcome
--     kind: template.jet
--     set: app.views:mails
--     source: "Hello {{ user.name }}, you have {{ len(messages) }} messages"
local templates = require("templates")
local set = assert(templates.get("app.views:mails"))
print(set:render("welcome", { user = { name = "Ann & Co" }, messages = { "a", "b" } }))
local none, err = templates.get("app.views:nothing")
print(none, err:kind())
--> Hello Ann &amp; Co, you have 2 messages
--> nil	NotFound

--- Set:render
-- Two more templates of the set, `layout`:
--   <h1>{{ title }}</h1>{{ yield body() }}
-- and `list`:
--   {{ extends "layout" }}
--   {{ block body() }}{{ range i, item := items }}{{ i + 1 }}. {{ item.name }}
--     {{- if item.sold }} (sold){{ end }}; {{ else }}nothing{{ end }}{{ end }}
local templates = require("templates")
local set = assert(templates.get("app.views:mails"))
print(set:render("list", { title = "Mugs", items = { { name = "moon" }, { name = "sun", sold = true } } }))
print(set:render("list", { title = "Mugs", items = {} }))
local text, err = set:render("list", {})
print(text, err:kind(), err)
--> <h1>Mugs</h1>1. moon; 2. sun (sold); 
--> <h1>Mugs</h1>nothing
--> nil	Internal	layout:1: 'title' is not set

--- Set:release
local templates = require("templates")
local set = assert(templates.get("app.views:mails"))
print(set:release(), set:release())
local text, err = set:render("welcome", {})
print(text, err:kind(), err)
--> true	false
--> nil	Internal	the set 'app.views:mails' was released; get it again
