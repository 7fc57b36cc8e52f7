using System.Text.Json.Nodes;
using EDA.Engine;
using EDA.Engine.Environments.Scenes;
using EDA.Engine.Evaluation.Recordings;

namespace EDA.Host.Player;

/// <summary>What the player draws, read from the recorded episodes, thinned out in time until it fits.</summary>
/// <param name="rollouts">The episodes.</param>
/// <param name="scene">What they look like.</param>
/// <param name="folder">Where their arrays are.</param>
internal sealed class PlayerData(RecordedRollouts rollouts, Scene scene, string folder)
{
    // On a screen of twice 250 points for 2 m a point is 4 mm; a figure on a whole maze is drawn larger when it is followed.
    private const double SideUnit = 0.002;
    private const double UnitsAcross = 4000;

    // Return so far and Q as parts of their range: the one is read as a number, the other as a curve.
    private const int ReturnParts = 1 << 16, QParts = 1 << 11;

    // More frames than this are not seen.
    private const double FramesPerSecond = 60;

    /// <summary>The document of the player.</summary>
    /// <param name="describe">Says what a policy is.</param>
    /// <param name="mostBytes">The most bytes of its text.</param>
    /// <returns>The text, as JSON that may stand in a page.</returns>
    /// <exception cref="InvalidFileException">An episode's file is broken.</exception>
    public string Write(Func<string, string> describe, int mostBytes)
    {
        var read = rollouts.Policies.Select(policy => (policy.Policy, Episodes: policy.Episodes.Select(Read).ToList())).ToList();
        int longest = rollouts.Policies.SelectMany(policy => policy.Episodes).Max(episode => episode.Length);
        int stride = Math.Max(1, (int)(1 / (FramesPerSecond * rollouts.StepSeconds)));
        while (true)
        {
            var document = Document(stride);
            document["policies"] = new JsonArray([.. read.Select(policy => new JsonObject
            {
                ["name"] = policy.Policy,
                ["what"] = describe(policy.Policy),
                ["episodes"] = new JsonArray([.. policy.Episodes.Select(episode => (JsonNode?)Pack(episode, stride))]),
            })]);
            string text = document.ToJsonString();
            if (text.Length <= mostBytes || stride >= longest)
                return text;
            stride = Math.Max(stride + 1, Math.Min(longest, (int)Math.Ceiling(stride * Math.Min(1.5, (double)text.Length / Math.Max(1, mostBytes)))));
        }
    }

    private JsonObject Document(int stride) => new()
    {
        ["plane"] = scene.Plane == ScenePlane.Side ? "side" : "above",
        ["seconds"] = rollouts.StepSeconds,
        ["stride"] = stride,
        ["points"] = scene.Points,
        ["unit"] = Unit,
        ["random"] = Finite(rollouts.Reference.Random),
        ["expert"] = Finite(rollouts.Reference.Expert),
        ["goalRadius"] = scene.GoalRadius,
        ["shapes"] = new JsonArray([.. scene.Shapes.Select(shape => (JsonNode)new JsonArray(shape.From, shape.To, shape.Radius, shape.Limb))]),
        ["walls"] = new JsonArray([.. scene.Walls.Select(wall => (JsonNode)new JsonArray(wall.X, wall.Y, wall.HalfX, wall.HalfY))]),
    };

    private double Unit => scene.Plane == ScenePlane.Side || scene.Walls.Count == 0 ? SideUnit
        : (scene.Walls.Max(wall => wall.X + wall.HalfX) - scene.Walls.Min(wall => wall.X - wall.HalfX)) / UnitsAcross;

    private Loaded Read(RecordedEpisode episode)
    {
        var (rewards, q, points) = RecordedArrays.ReadPicture(Path.Combine(folder, episode.File), episode.Length, scene.Points);
        var returns = new double[rewards.Length + 1];
        for (int step = 0; step < rewards.Length; step++)
            returns[step + 1] = returns[step] + rewards[step];
        return new Loaded(episode, returns, q is null || !Array.TrueForAll(q, float.IsFinite) ? null : [.. q.Select(value => (double)value), q[^1]], points);
    }

    private JsonObject Pack(Loaded loaded, int stride)
    {
        var (episode, returns, q, points) = loaded;

        // Every so many steps, and the last.
        int[] steps = [.. Enumerable.Range(0, ((episode.Length - 1) / stride) + 1).Select(frame => frame * stride), episode.Length];
        int[] axes = scene.Plane == ScenePlane.Side ? [0, 2] : [0, 1];
        var columns = new List<int[]>();
        for (int point = 0; point < scene.Points; point++)
        {
            foreach (int axis in axes)
                columns.Add([.. steps.Select(step => Whole(points[(((step * scene.Points) + point) * 3) + axis] / Unit))]);
        }

        var document = new JsonObject
        {
            ["episode"] = episode.Episode,
            ["kept"] = new JsonArray([.. episode.KeptAs.Select(name => (JsonNode)name)]),
            ["length"] = episode.Length,
            ["return"] = Finite(episode.Return),
            ["score"] = Finite(episode.NormalizedScore),
            ["terminated"] = episode.Terminated,
            ["goal"] = episode.Goal is { } goal ? new JsonArray(Finite(goal.X), Finite(goal.Y)) : null,
            ["frames"] = steps.Length,
            ["returns"] = Parts(returns, ReturnParts),
            ["q"] = q is null ? null : Parts(q, QParts),
        };
        document["track"] = PlayerTrack.Pack(columns);
        return document;

        // The least of them and the step from one part to the next.
        JsonArray Parts(double[] values, int parts)
        {
            double least = Finite(values.Min()), unit = Finite(values.Max() - least) / parts;
            columns.Add([.. steps.Select(step => unit > 0 ? Whole((values[step] - least) / unit) : 0)]);
            return new(least, unit);
        }
    }

    private static int Whole(double value) => (int)Math.Round(Math.Clamp(Finite(value), -1e9, 1e9));

    private static double Finite(double value) => double.IsFinite(value) ? value : 0;

    /// <summary>An episode's arrays: return so far and Q at each of the T + 1 states.</summary>
    private sealed record Loaded(RecordedEpisode Episode, double[] Returns, double[]? Q, float[] Points);
}
