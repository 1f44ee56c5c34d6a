print(pcall(table.concat, {'C', '10'}, 1, math.mininteger, -3)) print(pcall(table.concat, {}, '', 4294967297, 4294967298))
