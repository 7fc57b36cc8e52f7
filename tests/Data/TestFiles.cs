using EDA.Engine.Data.Formats;
using EDA.Engine.Data.Hdf5;

namespace EDA.Tests.Data;

/// <summary>Writes small dataset files, whole or with something wrong.</summary>
internal static class TestFiles
{
    /// <summary>The five fields of D4RL, to be changed before they are written.</summary>
    public static Dictionary<string, (int[] Shape, Array Values)> Fields(SyntheticTransitions data) => new()
    {
        ["observations"] = ([data.Rows, data.StateSize], data.States),
        ["actions"] = ([data.Rows, data.ActionSize], data.Actions),
        ["rewards"] = ([data.Rows], data.Rewards),
        ["terminals"] = ([data.Rows], data.Terminals),
        ["timeouts"] = ([data.Rows], data.Timeouts),
    };

    public static string Hdf5(string path, IReadOnlyDictionary<string, (int[] Shape, Array Values)> fields, Hdf5Storage storage = default)
    {
        using var file = new Hdf5Writer(path);
        foreach (var (name, (shape, values)) in fields)
            Write(file, name, shape, values, storage);
        return path;
    }

    public static string Npz(string path, IReadOnlyDictionary<string, (int[] Shape, Array Values)> fields)
    {
        using var file = new NpzWriter(path);
        foreach (var (name, (shape, values)) in fields)
        {
            if (values is float[] numbers)
                file.Write(name, shape, numbers);
            else
                file.Write(name, shape, (bool[])values);
        }

        return path;
    }

    /// <summary>An episode of so many steps for each length, in Minari's layout.</summary>
    public static string Minari(string path, int[] lengths, Action<int, Dictionary<string, (int[] Shape, Array Values)>>? change = null)
    {
        using var file = new Hdf5Writer(path);
        for (int episode = 0; episode < lengths.Length; episode++)
        {
            int steps = lengths[episode];
            var data = new SyntheticTransitions(episode, steps + 1, terminals: 0, timeouts: 0);
            var ends = new bool[steps];
            ends[^1] = true;
            var fields = new Dictionary<string, (int[] Shape, Array Values)>
            {
                ["observations"] = ([steps + 1, data.StateSize], data.States),
                ["actions"] = ([steps, data.ActionSize], data.Actions[..(steps * data.ActionSize)]),
                ["rewards"] = ([steps], data.Rewards[..steps]),
                ["terminations"] = ([steps], ends),
                ["truncations"] = ([steps], new bool[steps]),
            };
            change?.Invoke(episode, fields);
            file.CreateGroup($"episode_{episode}");
            foreach (var (name, (shape, values)) in fields)
                Write(file, $"episode_{episode}/{name}", shape, values, default);
        }

        return path;
    }

    private static void Write(Hdf5Writer file, string name, int[] shape, Array values, Hdf5Storage storage)
    {
        switch (values)
        {
            case float[] numbers:
                file.Write(name, shape, numbers, storage);
                break;
            case double[] numbers:
                file.Write(name, shape, numbers, storage);
                break;
            case bool[] flags:
                file.Write(name, shape, flags, storage);
                break;
            case string[] texts:
                file.Write(name, texts[0]);
                break;
            default:
                throw new ArgumentException($"no such type for {name}", nameof(values));
        }
    }
}
