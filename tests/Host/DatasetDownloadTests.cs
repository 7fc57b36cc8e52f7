using System.Net;
using EDA.Engine;
using EDA.Engine.Data;
using EDA.Host.Downloads;
using EDA.Tests.Data;

namespace EDA.Tests.Host;

/// <summary>Downloads from a server on this machine that does everything a server may do wrong.</summary>
[Trait("speed", "slow")]
public sealed class DatasetDownloadTests : IDisposable
{
    private static readonly Dictionary<string, string> WithoutProxy = new() { ["NO_PROXY"] = "127.0.0.1", ["no_proxy"] = "127.0.0.1" };
    private readonly ScratchFolder _folder = new();
    private readonly byte[] _content = File.ReadAllBytes(DatasetGoldenTests.At("d4rl-without-timeouts.hdf5"));
    private readonly FileServer _server;
    private readonly HttpClient _client = new(new SocketsHttpHandler { UseProxy = false, ConnectTimeout = TimeSpan.FromSeconds(10) }) { Timeout = Timeout.InfiniteTimeSpan };

    public DatasetDownloadTests() => _server = new FileServer(_content);

    private string Target => _folder.At("data.hdf5");

    public void Dispose()
    {
        _client.Dispose();
        _server.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_file_arrives_whole_and_is_recorded()
    {
        var seen = new List<(long There, long? Total)>();
        var result = await new DatasetDownload(_client).FetchAsync(new Uri(_server.Address, "a/b.hdf5"), Target, (there, total) => seen.Add((there, total)));
        Assert.Equal(_content, File.ReadAllBytes(Target));
        Assert.Equal((_content.Length, false), (result.Fetched, result.WasThere));
        Assert.Equal(ChecksumFile.Compute(Target), result.Sha256);
        Assert.Equal($"{result.Sha256}  data.hdf5\n", File.ReadAllText(Target + ".sha256"));
        Assert.Equal((0, _content.Length), seen[0]);
        Assert.Equal((_content.Length, _content.Length), seen[^1]);
        Assert.Equal("GET /a/b.hdf5 HTTP/1.1", Assert.Single(_server.Requests).Line);
        Assert.Equal(["data.hdf5", "data.hdf5.sha256"], Files());
    }

    [Fact]
    public async Task A_download_that_broke_off_goes_on()
    {
        _server.EndAfter = 5000;
        string message = await RefusedAsync();
        Assert.Contains($"the connection ended after 5000 of {_content.Length} bytes; the same command goes on from there", message, StringComparison.Ordinal);
        Assert.Equal(["data.hdf5.part", "data.hdf5.part.json"], Files());
        Assert.Contains("after 10000 of", await RefusedAsync(), StringComparison.Ordinal);
        _server.EndAfter = int.MaxValue;
        var result = await FetchAsync();
        Assert.Equal(_content.Length - 10_000, result.Fetched);
        Assert.Equal(_content, File.ReadAllBytes(Target));
        Assert.Equal([null, "bytes=5000-", "bytes=10000-"], _server.Requests.Select(request => request.Range));
        Assert.Equal(["data.hdf5", "data.hdf5.sha256"], Files());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_file_that_changed_meanwhile_is_fetched_anew(bool ignoresRanges)
    {
        _server.EndAfter = 5000;
        await RefusedAsync();
        // Another version; or a server that cannot send parts.
        _server.EndAfter = int.MaxValue;
        _server.IgnoresRanges = ignoresRanges;
        _server.Tag = ignoresRanges ? _server.Tag : "\"second\"";
        Array.Fill(_content, (byte)7, 100, _content.Length - 100);
        Assert.Equal(_content.Length, (await FetchAsync()).Fetched);
        Assert.Equal(_content, File.ReadAllBytes(Target));
    }

    [Fact]
    public async Task Without_a_version_nothing_is_pieced_together()
    {
        _server.Tag = null;
        _server.EndAfter = 5000;
        Assert.Contains("the same command begins anew", await RefusedAsync(), StringComparison.Ordinal);
        _server.EndAfter = int.MaxValue;
        await FetchAsync();
        Assert.Equal([null, null], _server.Requests.Select(request => request.Range));
        Assert.Equal(_content, File.ReadAllBytes(Target));
    }

    [Fact]
    public async Task A_part_longer_than_the_file_is_thrown_away()
    {
        _server.EndAfter = 5000;
        await RefusedAsync();
        _server.EndAfter = int.MaxValue;
        _server.Content = _content[..4000];
        await FetchAsync();
        Assert.Equal(_content[..4000], File.ReadAllBytes(Target));
        Assert.Equal([null, "bytes=5000-", null], _server.Requests.Select(request => request.Range));
    }

    [Fact]
    public async Task A_file_that_is_there_is_compared()
    {
        await FetchAsync();
        var again = await FetchAsync();
        Assert.True(again.WasThere);
        Assert.Single(_server.Requests);

        byte[] changed = File.ReadAllBytes(Target);
        changed[^1] ^= 1;
        File.WriteAllBytes(Target, changed);
        var refused = await Assert.ThrowsAsync<InvalidFileException>(FetchAsync);
        Assert.Contains("not the file that was downloaded", refused.Message, StringComparison.Ordinal);
        Assert.Equal(changed, File.ReadAllBytes(Target));
    }

    [Fact]
    public async Task A_later_download_is_compared_with_the_first()
    {
        string first = (await FetchAsync()).Sha256;
        File.Delete(Target);
        _content[^1] ^= 1;
        string message = await RefusedAsync();
        Assert.Contains($"data.hdf5.sha256 records {first} of an earlier download", message, StringComparison.Ordinal);
        Assert.False(File.Exists(Target));
        File.Delete(Target + ".sha256");
        await FetchAsync();
        Assert.Equal(_content, File.ReadAllBytes(Target));
        Assert.Equal(2, _server.Requests.Count);
    }

    [Fact]
    public async Task What_is_in_the_way_stays()
    {
        _folder.Write("data.hdf5", "precious");
        await StaysAsync();
        Assert.Equal("precious", File.ReadAllText(Target));
        var command = EdaProcess.Run(_folder.Path, WithoutProxy, "data", "download", "hopper-medium-v2", "--mirror", _server.Address.ToString(), "--out", Target);
        Assert.Equal(2, command.Status);
        Assert.Contains("nothing is overwritten", Assert.Single(command.ErrorLines), StringComparison.Ordinal);
        File.Delete(Target);
        _folder.Write("data.hdf5.part", "precious");
        await StaysAsync();
        Assert.Equal("precious", File.ReadAllText(Target + ".part"));

        async Task StaysAsync() =>
            Assert.Contains("nothing is overwritten", (await Assert.ThrowsAsync<InvalidFileException>(FetchAsync)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_download_of_the_same_file_is_left_alone()
    {
        _server.EndAfter = 5000;
        await RefusedAsync();
        _server.EndAfter = int.MaxValue;
        using (var other = new FileStream(Target + ".part", FileMode.Append, FileAccess.Write, FileShare.None))
            Assert.Contains("another download is at work", await RefusedAsync(), StringComparison.Ordinal);
        Assert.Equal(_content[..5000], File.ReadAllBytes(Target + ".part"));
        Assert.Equal(_content.Length - 5000, (await FetchAsync()).Fetched);
    }

    [Fact]
    public async Task Something_else_than_HDF5_is_refused()
    {
        _server.Content = "<html>please log in</html>"u8.ToArray();
        Assert.Contains("what the server sent is not an HDF5 file", await RefusedAsync(), StringComparison.Ordinal);
        Assert.Empty(Files());
    }

    [OptionalFact(OptionalNeeds.Hdf5)]
    public async Task Without_a_length_the_end_of_the_file_is_looked_for()
    {
        _server.HidesLength = true;
        _server.EndAfter = 5000;
        Assert.Contains("the 5000 bytes that came are no whole HDF5 file", await RefusedAsync(), StringComparison.Ordinal);
        Assert.Empty(Files());

        _server.EndAfter = int.MaxValue;
        Assert.Equal(_content.Length, (await FetchAsync()).Fetched);
        Assert.Equal(_content, File.ReadAllBytes(Target));
    }

    [Theory]
    [InlineData("404 Not Found", "the server answers 404 Not Found; the file is no longer there")]
    [InlineData("503 Service Unavailable", "the server answers 503 Service Unavailable")]
    public async Task A_refusal_is_passed_on(string refusal, string named)
    {
        _server.Refusal = refusal;
        Assert.Contains(named, await RefusedAsync(), StringComparison.Ordinal);
        Assert.Empty(Files());
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_named()
    {
        var address = _server.Address;
        _server.Dispose();
        var refused = await Assert.ThrowsAsync<DownloadException>(() => new DatasetDownload(_client).FetchAsync(address, Target, (_, _) => { }));
        Assert.Contains("the server 127.0.0.1 cannot be reached", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refused.Message);
        Assert.Empty(Files());
    }

    [Fact]
    public async Task A_server_that_does_not_answer_is_named()
    {
        // Packets that a firewall drops: the connection neither succeeds nor fails.
        using var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            ConnectTimeout = TimeSpan.FromMilliseconds(50),
            ConnectCallback = async (_, cancellation) =>
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, cancellation);
                throw new InvalidOperationException("waited for ever");
            },
        };
        using var client = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        var refused = await Assert.ThrowsAsync<DownloadException>(() => new DatasetDownload(client).FetchAsync(_server.Address, Target, (_, _) => { }));
        Assert.Contains("the server 127.0.0.1 cannot be reached", refused.Message, StringComparison.Ordinal);
        Assert.Contains("--mirror", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_goes_silent_is_left()
    {
        _server.EndAfter = 3000;
        _server.Hangs = true;
        var impatient = new DatasetDownload(_client) { Patience = TimeSpan.FromSeconds(0.5) };
        var refused = await Assert.ThrowsAsync<DownloadException>(() => impatient.FetchAsync(_server.Address, Target, (_, _) => { }));
        Assert.Contains("the server sent nothing for", refused.Message, StringComparison.Ordinal);
        Assert.Equal(3000, new FileInfo(Target + ".part").Length);
    }

    [Fact]
    public async Task The_caller_may_end_it()
    {
        _server.EndAfter = 3000;
        _server.Hangs = true;
        using var end = new CancellationTokenSource();
        var download = new DatasetDownload(_client).FetchAsync(_server.Address, Target, (there, _) => end.CancelAfter(there > 0 ? 0 : 20_000), end.Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => download);
        Assert.Equal(3000, new FileInfo(Target + ".part").Length);
    }

    [Fact]
    public void The_command_fetches_a_task()
    {
        string mirror = _server.Address.ToString();
        var first = EdaProcess.Run(_folder.Path, WithoutProxy, "data", "download", "hopper-medium-v2", "--mirror", mirror);
        Assert.True(first.Status == 0, first.Error);
        string path = Path.Combine(_folder.Path, "datasets", "hopper-medium-v2.hdf5");
        Assert.Equal(_content, File.ReadAllBytes(path));
        Assert.Contains(ChecksumFile.Compute(path), first.Output, StringComparison.Ordinal);
        Assert.Equal("GET /gym_mujoco_v2/hopper_medium-v2.hdf5 HTTP/1.1", Assert.Single(_server.Requests).Line);

        var again = EdaProcess.Run(_folder.Path, WithoutProxy, "data", "download", "hopper-medium-v2", "--mirror", mirror);
        Assert.Equal(0, again.Status);
        Assert.Contains("was there already", again.Output, StringComparison.Ordinal);

        _server.Refusal = "404 Not Found";
        var missing = EdaProcess.Run(_folder.Path, WithoutProxy, "data", "download", "kitchen-mixed-v0", "--mirror", mirror, "--out", "k.hdf5");
        Assert.Equal(1, missing.Status);
        Assert.Contains("404", Assert.Single(missing.ErrorLines), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("TASK is 'hopper-random-v2'; allowed is one of halfcheetah-medium-expert-v2", "hopper-random-v2")]
    [InlineData("--mirror is 'ftp://x'; allowed is an address that begins with http:// or https://", "hopper-medium-v2", "--mirror", "ftp://x")]
    [InlineData("--out is 'no/such/folder.hdf5'; allowed is a file in a folder that exists", "hopper-medium-v2", "--out", "no/such/folder.hdf5")]
    [InlineData("TASK is missing")]
    public void Mistakes_are_named(string named, params string[] arguments)
    {
        var result = EdaProcess.Run(_folder.Path, ["data", "download", .. arguments]);
        Assert.Equal(2, result.Status);
        Assert.Contains(named, Assert.Single(result.ErrorLines), StringComparison.Ordinal);
        Assert.Empty(Files());
    }

    private Task<DownloadResult> FetchAsync() => new DatasetDownload(_client).FetchAsync(_server.Address, Target, (_, _) => { });

    private async Task<string> RefusedAsync()
    {
        var refused = await Assert.ThrowsAsync<DownloadException>(FetchAsync);
        Assert.DoesNotContain('\n', refused.Message);
        return refused.Message;
    }

    private string[] Files() => [.. Directory.GetFileSystemEntries(_folder.Path).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];
}
