-- Which of two bad arguments a message names (seed 2019211).
print(pcall(math.fmod, print, true))
print(pcall(math.fmod, print, 1))
print(pcall(math.fmod, 1, print))
print(pcall(math.fmod, print))
print(pcall(math.fmod))
print(pcall(math.fmod, 1))
print(pcall(math.fmod, 1.5, {}))
