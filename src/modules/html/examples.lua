--- html.sanitize.new_policy
local policy = html.sanitize.new_policy()
policy:allow_elements("p", "strong")
print(policy:sanitize('<p onclick="x()">Hello <strong>world</strong><script>x()</script></p>'))
--> <p>Hello <strong>world</strong></p>

--- html.sanitize.ugc_policy
local policy = html.sanitize.ugc_policy()
print(policy:sanitize('<p>Hello <script>alert("xss")</script></p>'))
print(policy:sanitize('<a href="javascript:alert(1)">x</a> <a href="https://example.com">y</a>'))
--> <p>Hello </p>
--> <a>x</a> <a href="https://example.com" rel="nofollow">y</a>

--- html.sanitize.strict_policy
print(html.sanitize.strict_policy():sanitize("<p>Hello <b>world</b>!</p>"))
--> Hello world!

--- Policy:sanitize
print(html.sanitize.ugc_policy():sanitize('<p>Hello</p><script>alert("xss")</script>'))
--> <p>Hello</p>

--- Policy:allow_elements
local policy = html.sanitize.new_policy():allow_elements("p", "br")
print(policy:sanitize("<div><p>one<br>two</p></div>"))
--> <p>one<br>two</p>

--- Policy:allow_attrs
local policy = html.sanitize.new_policy()
policy:allow_attrs("href"):on_elements("a")
print(policy:sanitize('<a href="https://example.com" onclick="x()">y</a>'))
--> <a href="https://example.com">y</a>

--- Policy:allow_standard_urls
local policy = html.sanitize.new_policy()
policy:allow_attrs("href"):on_elements("a")
print(policy:allow_standard_urls():sanitize('<a href="/page">x</a><a href="ftp://a.b">y</a>'))
--> <a href="/page" rel="nofollow">x</a><a>y</a>

--- Policy:allow_url_schemes
local policy = html.sanitize.new_policy()
policy:allow_attrs("href"):on_elements("a")
policy:allow_url_schemes("https", "mailto")
print(policy:sanitize('<a href="https://example.com">OK</a><a href="http://example.com">no</a>'))
--> <a href="https://example.com">OK</a><a>no</a>

--- Policy:allow_relative_urls
local policy = html.sanitize.new_policy()
policy:allow_attrs("href"):on_elements("a")
print(policy:allow_relative_urls(false):sanitize('<a href="/page">Link</a>'))
--> <a>Link</a>

--- Policy:require_parseable_urls
local policy = html.sanitize.new_policy()
policy:allow_attrs("href"):on_elements("a")
print(policy:require_parseable_urls(true):sanitize('<a href="https://exa mple%zz">Link</a>'))
--> <a>Link</a>

--- Policy:require_nofollow_on_links
local policy = html.sanitize.new_policy()
policy:allow_attrs("href", "rel"):on_elements("a")
print(policy:require_nofollow_on_links(true):sanitize('<a href="https://example.com">Link</a>'))
--> <a href="https://example.com" rel="nofollow">Link</a>

--- Policy:require_noreferrer_on_links
local policy = html.sanitize.new_policy()
policy:allow_attrs("href"):on_elements("a")
print(policy:require_noreferrer_on_links(true):sanitize('<a href="https://example.com">Link</a>'))
--> <a href="https://example.com" rel="noreferrer">Link</a>

--- Policy:add_target_blank_to_fully_qualified_links
local policy = html.sanitize.new_policy()
policy:allow_attrs("href", "target"):on_elements("a")
print(policy:add_target_blank_to_fully_qualified_links(true):sanitize('<a href="https://example.com">Link</a><a href="/x">y</a>'))
--> <a href="https://example.com" target="_blank">Link</a><a href="/x">y</a>

--- Policy:allow_images
print(html.sanitize.new_policy():allow_images():sanitize('<img src="photo.jpg" alt="Photo" onerror="x()">'))
--> <img src="photo.jpg" alt="Photo">

--- Policy:allow_data_uri_images
local policy = html.sanitize.new_policy()
policy:allow_attrs("src"):on_elements("img")
print(policy:allow_data_uri_images():sanitize('<img src="data:image/png;base64,iVBORw0KGgo=">'))
--> <img src="data:image/png;base64,iVBORw0KGgo=">

--- Policy:allow_lists
print(html.sanitize.new_policy():allow_lists():sanitize("<ul><li>Item 1</li></ul>"))
--> <ul><li>Item 1</li></ul>

--- Policy:allow_tables
print(html.sanitize.new_policy():allow_tables():sanitize("<table><tr><td>Cell</td></tr></table>"))
--> <table><tr><td>Cell</td></tr></table>

--- Policy:allow_standard_attributes
local policy = html.sanitize.new_policy():allow_elements("p"):allow_standard_attributes()
print(policy:sanitize('<p id="intro" class="text" title="Introduction" style="x">Hello</p>'))
--> <p id="intro" class="text" title="Introduction">Hello</p>

--- AttrBuilder:on_elements
local policy = html.sanitize.new_policy():allow_elements("b")
policy:allow_attrs("class"):on_elements("p")
print(policy:sanitize('<p class="a">x <b class="b">y</b></p>'))
--> <p class="a">x <b>y</b></p>

--- AttrBuilder:globally
local policy = html.sanitize.new_policy():allow_elements("p", "b")
print(policy:allow_attrs("class"):globally():sanitize('<p class="a"><b class="b">y</b></p>'))
--> <p class="a"><b class="b">y</b></p>

--- AttrBuilder:matching
local policy = html.sanitize.new_policy()
policy:allow_attrs("style"):matching("^color:#[0-9a-fA-F]{6}$"):on_elements("span")
print(policy:sanitize('<span style="color:#ff0000">Red</span><span style="background:red">Bad</span>'))
local builder, err = policy:allow_attrs("style"):matching("(")
print(builder, err:kind())
--> <span style="color:#ff0000">Red</span><span>Bad</span>
--> nil	Invalid
