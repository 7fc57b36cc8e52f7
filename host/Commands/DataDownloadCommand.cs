using System.CommandLine;
using EDA.Engine.Data;
using EDA.Host.CommandLine;
using EDA.Host.Downloads;

namespace EDA.Host.Commands;

/// <summary>eda data download: fetches a D4RL dataset.</summary>
internal static class DataDownloadCommand
{
    private const string Folder = "datasets";

    public static Command Create()
    {
        var task = new Argument<string?>("TASK") { Description = $"one of {string.Join(", ", D4rlTask.Names)}", Arity = ArgumentArity.ZeroOrOne };
        var target = new Option<string?>("--out") { Description = $"the file ({Folder}/TASK.hdf5)", HelpName = "FILE" };
        var mirror = new Option<string?>("--mirror") { Description = $"the address that stands for {D4rlTask.Server}", HelpName = "URL" };
        var command = new Command("download", "Fetch a D4RL dataset; a download that broke off goes on where it ended.") { task, target, mirror };
        command.SetAction(async (result, cancellation) =>
        {
            string name = DataCommand.Required(result, task);
            var chosen = D4rlTask.All.FirstOrDefault(known => known.Name == name) ?? throw UserError.Choice(task.Name, name, D4rlTask.Names);
            var address = new Uri(Server(mirror.Name, result.GetValue(mirror)), chosen.File);
            string path = result.GetValue(target) is { Length: > 0 } given ? OutFile(target.Name, given) : DefaultFile(chosen);
            using var client = DatasetDownload.CreateClient();
            var download = new DatasetDownload(client);
            Console.WriteLine($"{address} -> {path}");
            var done = await DownloadDisplay.ShowAsync(chosen.Name, progress => download.FetchAsync(address, path, progress, cancellation)).ConfigureAwait(false);
            Console.WriteLine(done.WasThere
                ? $"{done.Path} was there already, SHA-256 {done.Sha256} as recorded"
                : FormattableString.Invariant($"{done.Path}: {new FileInfo(done.Path).Length} bytes, SHA-256 {done.Sha256}, recorded in {ChecksumFile.PathOf(done.Path)}"));
            return ExitStatus.Success;
        });
        return command;
    }

    private static Uri Server(string option, string? given)
    {
        if (given is null)
            return new Uri(D4rlTask.Server);
        return Uri.TryCreate(given.TrimEnd('/') + '/', UriKind.Absolute, out var server) && server.Scheme is "http" or "https"
            ? server
            : throw UserError.Value(option, given, "an address that begins with http:// or https://");
    }

    /// <summary>A file that is there is for the download to compare, so it is not refused here.</summary>
    private static string OutFile(string option, string path) => File.Exists(path) ? path : Values.NewFile(option, path);

    private static string DefaultFile(D4rlTask task)
    {
        try
        {
            Directory.CreateDirectory(Folder);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw UserError.Value("--out", Folder, $"a folder that can be made here ({error.Message})");
        }

        return Path.Combine(Folder, task.Name + ".hdf5");
    }
}
