--- compress.gzip.encode
local packed = compress.gzip.encode(("hello "):rep(1000), {level = 9})
print(#packed < 200, compress.gzip.decode(packed) == ("hello "):rep(1000))
--> true	true

--- compress.gzip.decode
local data, err = compress.gzip.decode(compress.gzip.encode(("x"):rep(5000)), {max_size = 1000})
print(data, err:kind(), err:message())
print(select(2, compress.gzip.decode("not compressed")):kind())
--> nil	Internal	decompressed size exceeds 1000 bytes; give a larger max_size if that is meant
--> Invalid

--- compress.deflate.encode
local packed = compress.deflate.encode(("hello "):rep(1000), {level = 9})
print(#packed < 200, compress.deflate.decode(packed) == ("hello "):rep(1000))
--> true	true

--- compress.deflate.decode
local data, err = compress.deflate.decode(compress.deflate.encode(("x"):rep(5000)), {max_size = 1000})
print(data, err:kind(), err:message())
print(select(2, compress.deflate.decode("not compressed")):kind())
--> nil	Internal	decompressed size exceeds 1000 bytes; give a larger max_size if that is meant
--> Invalid

--- compress.zlib.encode
local packed = compress.zlib.encode(("hello "):rep(1000), {level = 9})
print(#packed < 200, compress.zlib.decode(packed) == ("hello "):rep(1000))
--> true	true

--- compress.zlib.decode
local data, err = compress.zlib.decode(compress.zlib.encode(("x"):rep(5000)), {max_size = 1000})
print(data, err:kind(), err:message())
print(select(2, compress.zlib.decode("not compressed")):kind())
--> nil	Internal	decompressed size exceeds 1000 bytes; give a larger max_size if that is meant
--> Invalid

--- compress.brotli.encode
local packed = compress.brotli.encode(("hello "):rep(1000), {level = 9})
print(#packed < 200, compress.brotli.decode(packed) == ("hello "):rep(1000))
--> true	true

--- compress.brotli.decode
local data, err = compress.brotli.decode(compress.brotli.encode(("x"):rep(5000)), {max_size = 1000})
print(data, err:kind(), err:message())
print(select(2, compress.brotli.decode("not compressed")):kind())
--> nil	Internal	decompressed size exceeds 1000 bytes; give a larger max_size if that is meant
--> Invalid

--- compress.zstd.encode
local packed = compress.zstd.encode(("hello "):rep(1000), {level = 9})
print(#packed < 200, compress.zstd.decode(packed) == ("hello "):rep(1000))
--> true	true

--- compress.zstd.decode
local data, err = compress.zstd.decode(compress.zstd.encode(("x"):rep(5000)), {max_size = 1000})
print(data, err:kind(), err:message())
print(select(2, compress.zstd.decode("not compressed")):kind())
--> nil	Internal	decompressed size exceeds 1000 bytes; give a larger max_size if that is meant
--> Invalid

--- compress.zstd.train_dict
local samples = {}
for i = 1, 50 do samples[i] = ('{"type":"order","currency":"EUR","number":%d}'):format(i) end
local dict = compress.zstd.train_dict(samples, {size = 1024})
local data = '{"type":"order","currency":"EUR","number":777}'
local packed = compress.zstd.encode(data, {dict = dict})
print(#packed < #compress.zstd.encode(data), compress.zstd.decode(packed, {dict = dict}) == data)
--> true	true

--- compress.zstd.inspect_dict
local dict = compress.zstd.train_dict({("shared content "):rep(20), ("shared content "):rep(10)})
local facts = compress.zstd.inspect_dict(dict)
print(facts.id, facts.content_size == #dict)
--> 0	true
