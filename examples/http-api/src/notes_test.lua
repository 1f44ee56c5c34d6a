local notes = require("notes")

return function()
    local note = notes.add("tea at four")
    assert(notes.get(note.id).text == "tea at four")
    assert(notes.remove(note.id))
    assert(notes.get(note.id) == nil)
end
