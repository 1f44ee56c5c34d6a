--- text.regexp.compile
local re = text.regexp.compile("[0-9]+")
print(re:match_string("abc123"))
local re, err = text.regexp.compile("(?=a)")
print(re, err:kind())
--> true
--> nil	Invalid

--- text.diff.new
local diff = text.diff.new({diff_timeout = 0.5})
print(#diff:compare("same", "same"))
local diff, err = text.diff.new({match_threshold = 2})
print(diff, err:message())
--> 1
--> nil	match_threshold is a number from 0 to 1, got 2

--- text.splitter.recursive
local splitter = text.splitter.recursive({chunk_size = 16, chunk_overlap = 4})
for _, chunk in ipairs(splitter:split_text("The quick brown fox jumps over the dog")) do print(chunk) end
--> The quick brown
--> fox jumps over
--> over the dog

--- text.splitter.markdown
local splitter = text.splitter.markdown({chunk_size = 60, heading_hierarchy = true})
local chunks = splitter:split_text("# Guide\n\nRead me.\n\n## Install\n\nRun it.")
print(#chunks, (chunks[2]:gsub("\n", " / ")))
--> 2	# Guide / ## Install / Run it.

--- Regexp:match_string
print(text.regexp.compile("^a+$"):match_string("aaa"))
--> true

--- Regexp:find_string
print(text.regexp.compile("[a-z]+\\d+"):find_string("-- abc123def --"))
print(text.regexp.compile("x"):find_string("abc"))
--> abc123
--> nil

--- Regexp:find_all_string
print(table.concat(text.regexp.compile("\\d"):find_all_string("a1b2c3"), " "))
--> 1 2 3

--- Regexp:find_string_submatch
local found = text.regexp.compile("(\\w+)@(\\w+)\\.com"):find_string_submatch("user@example.com")
print(found[1], found[2], found[3])
--> user@example.com	user	example

--- Regexp:find_all_string_submatch
for _, pair in ipairs(text.regexp.compile("(\\w)=(\\d)"):find_all_string_submatch("a=1 b=2")) do print(pair[2], pair[3]) end
--> a	1
--> b	2

--- Regexp:find_string_index
local at = text.regexp.compile("\\d+"):find_string_index("abc123")
print(at[1], at[2], ("abc123"):sub(at[1], at[2]))
--> 4	6	123

--- Regexp:find_all_string_index
local all = text.regexp.compile("\\d"):find_all_string_index("a1b2")
print(#all, all[2][1], text.regexp.compile("x"):find_all_string_index("abc"))
--> 2	4	nil

--- Regexp:replace_all_string
print(text.regexp.compile("\\d"):replace_all_string("a1b2", "X"))
print(text.regexp.compile("(?P<first>\\w+) (\\w+)"):replace_all_string("Ada Lovelace", "$2, ${first}"))
--> aXbX
--> Lovelace, Ada

--- Regexp:split
print(table.concat(text.regexp.compile(",\\s*"):split("a, b,c", -1), "|"))
print(table.concat(text.regexp.compile(","):split("a,b,c", 2), "|"))
--> a|b|c
--> a|b,c

--- Regexp:num_subexp
print(text.regexp.compile("(a)(b)?"):num_subexp())
--> 2

--- Regexp:subexp_names
print(table.concat(text.regexp.compile("(?P<year>\\d+)-(\\d+)"):subexp_names(), "|"))
--> |year|

--- Regexp:string
print(text.regexp.compile("a|b"):string())
--> a|b

--- Differ:compare
local diff = text.diff.new()
for _, d in ipairs(diff:compare("hello world", "hello there")) do print(d.operation, d.text) end
--> equal	hello 
--> delete	world
--> insert	there

--- Differ:summarize
local diff = text.diff.new()
local summary = diff:summarize(diff:compare("hello world", "hello there"))
print(summary.equals, summary.deletions, summary.insertions)
--> 6	5	5

--- Differ:pretty_text
local diff = text.diff.new()
print((diff:pretty_text(diff:compare("a cat", "a dog")):gsub("\27", "ESC")))
--> a ESC[31mcatESC[0mESC[32mdogESC[0m

--- Differ:pretty_html
local diff = text.diff.new()
print(diff:pretty_html(diff:compare("hello world", "hello there")))
--> hello <del>world</del><ins>there</ins>

--- Differ:patch_make
local diff = text.diff.new()
local patches = diff:patch_make("The quick brown fox", "The quick red fox")
print(#patches, patches[1].start1, #patches[1].diffs > 0)
--> 1	6	true

--- Differ:patch_apply
local diff = text.diff.new()
local before = "The quick brown fox jumps over the lazy dog"
local patches = diff:patch_make(before, "The quick red fox jumps over the lazy cat")
print(diff:patch_apply(patches, before))
print(diff:patch_apply(patches, "something else"))
--> The quick red fox jumps over the lazy cat	true
--> something else	false

--- Splitter:split_text
local splitter = text.splitter.recursive({chunk_size = 10, chunk_overlap = 0, keep_separator = true})
print(table.concat(splitter:split_text("one two three four"), "|"))
--> one two|three|four

--- Splitter:split_batch
local splitter = text.splitter.recursive({chunk_size = 8, chunk_overlap = 0})
local chunks = splitter:split_batch({{content = "page one", metadata = {page = 1}}, {content = "two", metadata = {page = 2}}})
for _, chunk in ipairs(chunks) do print(chunk.metadata.page, chunk.content) end
--> 1	page one
--> 2	two
