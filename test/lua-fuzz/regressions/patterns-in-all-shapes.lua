-- Pattern functions, systematically: many subjects, patterns and replacements.
local subjects = {'', 'a', 'abc', 'a.b.c', 'hello world', '0x1F', '(a(b)c)', 'aaa', '\0a\0', 'x=1, y=2'}
local pats = {'', 'a', '.', '^a', 'a$', '^$', '%a+', '(%a)(%d)', '()', '(()', '(', ')', '%', '[', '[a', '[^', '[]', '[]]', '[^]]', '%b', '%b(', '%b()', '%f', '%f[', '%f[%w]', '%1', '(a)%1', '%2', 'a-', '-', '*', '+', '?', '^^', '$$', 'a**', '[a-]', '[%', '[%a-z]', '[a-%%]', '%z', '\0', '%0', '(.-)%1', '((a)(b))', '(%w-(', '%w-)', '%s*$', '.-b', '^(.-)%s*$', '[z-a]', '(^a)', 'a^', '$a', '%$', '[$]', '%.'}
local reps = {'', '%0', '%1', '%2', '%', '%%', '%a', 'x', '<%1%2>', '%9'}
for _, s in ipairs(subjects) do
  for _, p in ipairs(pats) do
    print(s, p, pcall(string.find, s, p)) print(pcall(string.match, s, p)) print(pcall(string.find, s, p, 2)) print(pcall(string.find, s, p, -1)) print(pcall(string.find, s, p, 10))
    for _, r in ipairs(reps) do print(r, pcall(string.gsub, s, p, r)) print(pcall(string.gsub, s, p, r, 1)) end
    print(pcall(string.gsub, s, p, function(...) return (select('#', ...)) end))
    print(pcall(string.gsub, s, p, {a = 'A', [1] = 'one', b = false}))
    print(pcall(string.gsub, s, p, {a = {}}))
    print(pcall(function() local t = {} for a, b in string.gmatch(s, p) do t[#t+1] = tostring(a) .. '/' .. tostring(b) if #t > 30 then break end end return table.concat(t, ' ') end))
  end
end
