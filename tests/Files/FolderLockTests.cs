using System.Text.Json.Nodes;
using EDA.Engine.Files;
using EDA.Tests.Host;

namespace EDA.Tests.Files;

/// <summary>One process to a folder, also where several machines share it; machines are told apart by what their processes say of themselves.</summary>
public sealed class FolderLockTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    private string LockFile => _folder.At(FolderLock.FileName);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_second_is_refused_until_the_first_gives_the_folder_back()
    {
        using (FolderLock.Take(_folder.Path))
        {
            var refused = Assert.Throws<FolderInUseException>(() => FolderLock.Take(_folder.Path));
            Assert.Contains($"in use by process {Environment.ProcessId} on {Environment.MachineName}", refused.Message, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', refused.Message);
        }

        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.Path));
        FolderLock.Take(_folder.Path).Dispose();
    }

    [Fact]
    public void A_lock_of_the_dead_is_taken_over()
    {
        // The number of a process that lives, but was born at another time.
        Leave(("birth", "1"));
        using var held = FolderLock.Take(_folder.Path);
        held.Require();
    }

    [Fact]
    public void Another_machine_is_believed_for_two_minutes_of_silence()
    {
        Leave(("host", "far"), ("machine", "far 1"), ("process", 77));
        var refused = Assert.Throws<FolderInUseException>(() => FolderLock.Take(_folder.Path));
        Assert.Contains("process 77 on far", refused.Message, StringComparison.Ordinal);

        File.SetLastWriteTimeUtc(LockFile, DateTime.UtcNow.AddSeconds(-100));
        Assert.Throws<FolderInUseException>(() => FolderLock.Take(_folder.Path));
        File.SetLastWriteTimeUtc(LockFile, DateTime.UtcNow.AddSeconds(-130));
        using var held = FolderLock.Take(_folder.Path);
        held.Require();
    }

    [Fact]
    public void Who_was_taken_over_writes_nothing_more()
    {
        var sleeper = FolderLock.Take(_folder.Path);
        sleeper.Require();
        Rewrite(("host", "far"), ("machine", "far 1"), ("process", 77), ("token", "another"));
        var lost = Assert.Throws<LostFolderException>(sleeper.Require);
        Assert.Contains("process 77 on far", lost.Message, StringComparison.Ordinal);
        Assert.Contains("has taken it over", lost.Message, StringComparison.Ordinal);

        // Nor does it take the lock away from who has it now.
        sleeper.Dispose();
        Assert.True(File.Exists(LockFile));
        File.Delete(LockFile);
        Assert.Contains("is gone", Assert.Throws<LostFolderException>(sleeper.Require).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{ \"host\": ")]
    public void A_lock_that_says_nothing_is_one_being_made_or_one_of_the_dead(string text)
    {
        File.WriteAllText(LockFile, text);
        Assert.Throws<FolderInUseException>(() => FolderLock.Take(_folder.Path));
        File.SetLastWriteTimeUtc(LockFile, DateTime.UtcNow.AddMinutes(-1));
        FolderLock.Take(_folder.Path).Dispose();
    }

    [Fact]
    public void One_of_many_gets_it()
    {
        for (int round = 0; round < 20; round++)
        {
            Leave(("birth", "1"));
            var locks = new FolderLock?[8];
            Parallel.For(0, locks.Length, new ParallelOptions { MaxDegreeOfParallelism = locks.Length }, i =>
            {
                try
                {
                    locks[i] = FolderLock.Take(_folder.Path);
                }
                catch (FolderInUseException)
                {
                }
            });
            Assert.Single(locks, held => held is not null);
            locks.Single(held => held is not null)!.Require();
            locks.Single(held => held is not null)!.Dispose();
        }
    }

    // What a process leaves that was killed, or that works on another machine.
    private void Leave(params (string Key, JsonNode Value)[] differences)
    {
        string text;
        using (FolderLock.Take(_folder.Path))
            text = File.ReadAllText(LockFile);
        File.WriteAllText(LockFile, text);
        Rewrite([("token", "left"), .. differences]);
    }

    private void Rewrite(params (string Key, JsonNode Value)[] differences)
    {
        var holder = JsonNode.Parse(File.ReadAllText(LockFile))!.AsObject();
        foreach (var (key, value) in differences)
        {
            Assert.True(holder.ContainsKey(key));
            holder[key] = value;
        }

        File.WriteAllText(LockFile, holder.ToJsonString());
    }
}
