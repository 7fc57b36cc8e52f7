using EDA.Engine;
using EDA.Engine.Files;
using EDA.Tests.Host;

namespace EDA.Tests.Files;

public sealed class WholeFileTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_name_as_long_as_the_system_allows_can_be_written()
    {
        string path = _folder.At(new string('a', 251) + ".txt");
        WholeFile.Write(path, overwrite: false, file => File.WriteAllText(file, "whole"));
        Assert.Equal("whole", File.ReadAllText(path));
        string longer = _folder.At(new string('a', 252) + ".txt");
        Assert.Contains("too long", Assert.Throws<UnwritableFileException>(() => WholeFile.Write(longer, overwrite: false, file => File.WriteAllText(file, "whole"))).Message, StringComparison.Ordinal);
        Assert.Single(Directory.EnumerateFiles(_folder.Path));
    }

    [Fact]
    public void What_was_there_stays_where_the_new_one_fails()
    {
        string path = _folder.At("file");
        File.WriteAllText(path, "old");
        Assert.Throws<InvalidOperationException>(() => WholeFile.Write(path, overwrite: true, file =>
        {
            File.WriteAllText(file, "half");
            throw new InvalidOperationException();
        }));
        Assert.Throws<IOException>(() => WholeFile.Write(path, overwrite: false, file => File.WriteAllText(file, "new")));
        Assert.Equal("old", File.ReadAllText(path));
        Assert.Single(Directory.EnumerateFiles(_folder.Path));
    }

    [Theory]
    [InlineData("gone/file", "does not exist")]
    [InlineData("plain/file", "is a file")]
    [InlineData("folder", "it is a folder")]
    [InlineData("folder/", "it is a folder")]
    public void A_place_that_cannot_be_written_is_named(string name, string reason)
    {
        File.WriteAllText(_folder.At("plain"), string.Empty);
        Directory.CreateDirectory(_folder.At("folder"));
        string path = _folder.At(name);
        var refused = Assert.Throws<UnwritableFileException>(() => WholeFile.Write(path, overwrite: true, file => File.WriteAllText(file, "new")));
        Assert.StartsWith(path + " cannot be written: ", refused.Message, StringComparison.Ordinal);
        Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
    }

    [OptionalFact(OptionalNeeds.Linux)]
    public void Nor_can_one_that_the_system_makes_up() =>
        Assert.Contains("takes no files", Assert.Throws<UnwritableFileException>(() => WholeFile.Write("/proc/file", overwrite: false, file => File.WriteAllText(file, "new"))).Message, StringComparison.Ordinal);

    [Fact]
    public void Only_what_writers_left_is_cleared_away()
    {
        foreach (string name in new[] { ".eda-0123abcd.tmp", ".eda-mine.tmp", "eda.tmp", ".eda-0123abcd.txt" })
            File.WriteAllText(_folder.At(name), string.Empty);
        WholeFile.RemoveTemporaries(_folder.Path);
        Assert.Equal([".eda-0123abcd.txt", ".eda-mine.tmp", "eda.tmp"], Directory.EnumerateFiles(_folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }
}
